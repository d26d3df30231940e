// Package house checks the repository itself: which package may import which, the conventions of the code, secrets that
// must not be committed, and the files that build and run the containers.
//
// Everything here is a test and nothing imports this package. tree_test.go reads the repository once, with every build
// tag, and hands the parsed files to the checks. Each check returns its findings as lines of `place: what is wrong`, so
// that it can be tried on planted faults first and on the repository second: a check that finds nothing in a faulty
// sample fails its own test.
//
// arrows_test.go is meant to be read as documentation: it is the map of the packages in the form of a table.
package house
