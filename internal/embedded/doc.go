// Package embedded guards the data folder of a Herald that brings its own database and workflow engine.
//
// The folder belongs to one process at a time: [Lock] holds it by flock, so that the kernel lets go of it however the
// process ends, and a second process learns the id of the first. [CheckVersion] keeps a Herald from touching a folder
// of another format, or a folder that is somebody else's.
//
// What lives in the folder is started by the packages below: pgserver runs PostgreSQL as a child process,
// temporalserver runs Temporal inside this one. This package imports neither, so that both may use its locks.
package embedded
