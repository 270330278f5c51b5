module github.com/passerelle-sup/passerelle/examples/rentree

go 1.26.0

require github.com/passerelle-sup/passerelle v0.1.0

replace github.com/passerelle-sup/passerelle => ../../
