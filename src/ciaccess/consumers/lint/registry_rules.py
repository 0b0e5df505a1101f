"""The rule on registries: nothing can be pushed to the one to pull from, whatever pushes it.

Owns what each program's words push and name. The rule is silent where one registry serves both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import is_scalar
from ciaccess.consumers.lint.reading import script_line
from ciaccess.consumers.lint.variables import fill_in, variables_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.findings import Finding
    from ciaccess.consumers.lint.job_reading import JobReading
    from ciaccess.consumers.lint.reading import Call, Place, Step
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_ENGINES = frozenset({"docker", "podman", "nerdctl", "buildah", "img"})
_LOG_IN = _ENGINES | {"skopeo", "crane", "gcrane", "oras", "helm", "regctl", "cosign", "ko"}
_TAGS = ("-t", "--tag")
_OUTPUTS = ("-o", "--output")
_NAME = re.compile(r"name=\"?([^,\"]+)")
_REF = re.compile(r"ref=([^,]+)")
_PUSHES = re.compile(r"push=true|type=registry")
# What other programs write to: by verb, which of the words behind it.
_LAST, _FIRST, _SECOND, _ALL = slice(-1, None), slice(0, 2), slice(1, None), slice(None)
_WRITES: dict[str, dict[str, slice]] = {
    "skopeo": {"copy": _LAST, "sync": _LAST},
    "crane": {"copy": _LAST, "cp": _LAST, "push": _LAST, "tag": _FIRST},
    "oras": {"copy": _LAST, "cp": _LAST, "push": _FIRST, "attach": _FIRST, "tag": _FIRST},
    "regctl": {"copy": _LAST, "import": _FIRST, "put": _FIRST},
    "helm": {"push": _ALL},
    "cosign": {"copy": _LAST, "sign": _ALL, "attest": _ALL, "attach": _ALL, "upload": _ALL},
    "notation": {"sign": _ALL},
}
# Any program that pushes: what it names is a target; but Cloud Foundry's, which runs the image.
_ANY_PROGRAM = {"push": _ALL, "publish": _ALL}
_PUSHES_NO_IMAGE = frozenset({"cf", "git"})
# Programs whose option names the image that they push.
_BY_OPTION = {
    "bazel": ("--repository",),
    "imgpkg": ("-i", "--image"),
    "crane": ("-t", "--new_tag", "--tag"),
    "ko": ("--repo",),
    "werf": ("--repo",),
    "jib": ("-t", "--target"),
}
# Programs that push to the registry in a variable.
_BY_VARIABLE = {"ko": "KO_DOCKER_REPO", "skaffold": "SKAFFOLD_DEFAULT_REPO"}
_BUILD_VERBS = frozenset({"build", "publish", "resolve", "apply", "create", "run"})
_MAVEN = frozenset({"mvn", "mvnw", "gradle", "gradlew", "sbt"})
_PROPERTIES = re.compile(r"-D(?:jib\.to\.image|image)=(\S+)|--image=(\S+)")
_JIB = r"(?:^|[:.])jib(?:-maven-plugin)?(?::[\w.-]+)?"
_LOCAL_IMAGE = re.compile(rf"{_JIB}(?::dockerBuild|:buildTar|DockerBuild|BuildTar)(?:@\S+)?$")
_PUSHED_IMAGE = re.compile(rf"(?:{_JIB}:build|(?:^|:)jib|build-image|bootBuildImage)(?:@\S+)?$")
_KNOWN = _ENGINES | _MAVEN | _WRITES.keys() | _BY_OPTION.keys()
_SPRING = re.compile(r"-Dspring-boot\.build-image\.imageName=(\S+)|--imageName=(\S+)")


def push_to_pull_registry(reading: JobReading) -> Iterator[Finding]:
    """Find pushes of images to the registry for pulls, and the names in the job for them."""
    words = reading.words
    calls = [(step, call) for step in reading.steps for call in step.programs]
    named = [
        (*each, *pushed)
        for each in calls
        if not _has_other_target(each[1], words)
        for pushed in _pushed_images(each[1])
    ]
    # Last, for a finding at an image has a suggestion.
    named += [(step, call, 0, name) for step, call in calls for name in _by_variable(step, call)]
    if not words.tells_registries_apart or not any(words.is_to_pull(name) for *_, name in named):
        return
    named += [(*each, *tagged) for each in calls for tagged in _tagged_images(each[1])]
    logins = [each for each in calls if each[1].name in _LOG_IN and "login" in each[1].words[:2]]
    if not any(words.push_registry in word for _, call in logins for word in call.words):
        named += [(*each, *word) for each in logins for word in enumerate(each[1].words)]
    for step, call, index, name in named:
        if words.is_to_pull(name):
            yield _finding(reading, step, call, index)


def _by_variable(step: Step, call: Call) -> Iterator[str]:
    """Yield the registry in the variable by which a program pushes."""
    variable = _BY_VARIABLE.get(call.name, "")
    if variable and _BUILD_VERBS.intersection(call.words[:1]) and "-L" not in call.words:
        yield fill_in(step.values.get(variable) or "", step.values)


def _pushed_images(call: Call) -> Iterator[tuple[int, str]]:
    """Yield what a command pushes: the index of the word, and the image's name."""
    words = call.words
    if call.name in _ENGINES:
        yield from _by_engine(call)
    elif call.name.startswith("buildctl"):
        yield from _outputs(call)
        yield from _caches(call, "--export-cache")
    else:
        yield from _by_copier(call)
    kaniko = call.name == "executor" or "kaniko" in call.name.lower()
    if kaniko and not {"--no-push", "--no-push=true"}.isdisjoint(words):
        yield from call.values_of(*(() if "--no-push-cache" in words else ("--cache-repo",)))
    else:
        yield from call.values_of("--destination", *(("-d", "--cache-repo") if kaniko else ()))
    is_local = any(map(_LOCAL_IMAGE.search, words)) and not any(map(_PUSHED_IMAGE.search, words))
    if call.name in _MAVEN and not is_local:
        publishes = any("publish" in word for word in words)
        for index, word in enumerate(words):
            if found := _PROPERTIES.fullmatch(word) or (_SPRING.fullmatch(word) if publishes else None):
                yield index, found.group(1) or found.group(2)
        yield from call.values_of("--image")


def _by_engine(call: Call) -> Iterator[tuple[int, str]]:
    verbs, words = call.verbs, call.words
    if "push" in verbs[:2]:
        yield from call.positional(words.index("push") + 1)
    elif "commit" in verbs[:1]:
        yield from (each for each in call.positional(1) if each[1].startswith("docker://"))
    elif _builds(verbs):
        outputs = [value for _, value in call.values_of(*_OUTPUTS)]
        if "--push" in words or "--push=true" in words or any(map(_PUSHES.search, outputs)):
            yield from call.values_of(*_TAGS)
            yield from ((index, value.split("=", 1)[-1]) for index, value in call.values_of("--set"))
        yield from _outputs(call)
        yield from _caches(call, "--cache-to")
    elif "imagetools" in verbs:
        yield from call.values_of(*_TAGS)


def _by_copier(call: Call) -> Iterator[tuple[int, str]]:
    name = "crane" if call.name == "gcrane" else call.name
    writes = _WRITES.get(name, {} if name in _PUSHES_NO_IMAGE else _ANY_PROGRAM)
    verb = next((each for each in call.verbs if each in writes), None)
    if verb is not None:
        yield from list(call.positional(call.words.index(verb) + 1))[writes[verb]]
    elif call.name in _BY_OPTION:
        yield from call.values_of(*_BY_OPTION[call.name])
    elif call.name == "pack" and "--publish" in call.words:
        yield from list(call.positional(0))[1:2]


def _builds(verbs: list[str]) -> bool:
    return any(verb in ("build", "bake", "bud", "b") for verb in verbs[:2]) or "build" in verbs


def _outputs(call: Call) -> Iterator[tuple[int, str]]:
    for index, value in call.values_of(*_OUTPUTS):
        yield from ((index, name) for name in _NAME.findall(value) if _PUSHES.search(value))


def _caches(call: Call, option: str) -> Iterator[tuple[int, str]]:
    for index, value in call.values_of(option):
        yield from ((index, name) for name in _REF.findall(value))


def _tagged_images(call: Call) -> Iterator[tuple[int, str]]:
    """Yield the names that a command gives to an image before a push under another name."""
    if call.name in _ENGINES and "tag" in call.verbs[:2]:
        yield from list(call.positional(1))[-1:]
    elif call.name in _ENGINES and _builds(call.verbs):
        yield from call.values_of(*_TAGS)


def _has_other_target(call: Call, words: Vocabulary) -> bool:
    """Report whether a program that is not known names the registry to push to.

    The one to pull from may then be that of a base image.
    """
    if call.name in _KNOWN or _ANY_PROGRAM.keys().isdisjoint(call.words):
        return False
    found = ((word, at) for word in call.words for at in re.finditer(re.escape(words.push_registry), word))
    return any(not words.pull_reference.match(word[at.start() :]) for word, at in found)


def _finding(reading: JobReading, step: Step, call: Call, index: int) -> Finding:
    words = reading.words
    pull, place = words.pull_registry, call.place(index)
    names = [pull, *words.pull_variables]
    if not any(map(place.find, names)):  # of a function's argument, the call that has the address
        place = next((each for each in step.callers if any(map(each.find, names))), place)
    through = _source_variables(step, call, index)
    why = f"{pull} is the registry to pull from{through}: nothing can be pushed there"
    variable = (words.push_variables or ("NEXUS_REGISTRY",))[0]
    remedy = f"push to {words.push_registry}, or ${{{variable}}}; tag, build and log in by the same name"
    line = _with_push_registry(place, words, everywhere=call.name in _ENGINES)
    return reading.finding("push-registry", place, why, remedy, suggestion=line)


def _source_variables(step: Step, call: Call, index: int) -> str:
    """Return which of the file's variables the registry comes from, in words."""
    for name in variables_in(call.arguments[index].raw.text) if call.arguments else ():
        if is_scalar(origin := step.values.get(name)):
            file = "" if origin.source is step.place.scalar.source else f" of {origin.source.name}"
            return f" (by ${name}, set in line {origin.line}{file})"
    return ""


def _with_push_registry(place: Place, words: Vocabulary, *, everywhere: bool) -> str:
    """Return the line with the registry to push to in place of the other."""
    scalar = place.scalar
    begin, end = script_line(scalar, place.start)
    line = scalar[begin:end]
    start, stop = (0, len(line)) if everywhere else (place.start - begin, place.end - begin)
    part = line[start:stop].replace(words.pull_registry, words.push_registry)
    if words.push_variables:
        for name in words.pull_variables:
            part = re.sub(rf"\$(\{{?){name}\b", rf"$\g<1>{words.push_variables[0]}", part)
    moved = line[:start] + part + line[stop:]
    return moved.strip() if moved != line else ""
