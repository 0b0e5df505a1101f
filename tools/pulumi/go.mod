module ciaccess/tools/pulumi

go 1.26.6

require github.com/pulumi/pulumi/pkg/v3 v3.276.0

replace github.com/sergi/go-diff => github.com/sergi/go-diff v1.1.0

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
