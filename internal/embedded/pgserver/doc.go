// Package pgserver runs a private PostgreSQL as a child process.
//
// [Start] finds PostgreSQL's binaries on the machine (or downloads them), makes a cluster in the data folder when there
// is none, starts it and returns when it takes connections. [Server.Stop] stops it. [Server.Done] tells of a death in
// between.
//
// # How it is reached
//
// By TCP on a loopback port with a random password (SCRAM), not by a unix socket. A socket would save the password, but
// its path may be at most 107 bytes long, which a deep data folder breaks; the socket's folder would have to be open to
// two users when Herald runs as root; and Temporal, a second `herald worker`, psql and every graphical tool take a host,
// a port and a password without further words. The password lies in the data folder with mode 0600; whoever can read it
// can read the data too. The port is free-chosen at each start, so two Heralds never quarrel over it.
//
// # Who runs it
//
// PostgreSQL refuses to run as root. A root process therefore starts it as the owner of the existing cluster, else as
// the user postgres, else as nobody. When that user cannot enter the data folder (because a parent such as /root is
// closed) the cluster lies under /var/lib/herald instead, and the file `location` in the data folder says where.
//
// # How it ends
//
// However the parent ends, no child stays behind. On Linux the kernel sends SIGQUIT to the postmaster when the parent
// dies (Pdeathsig). SIGQUIT is PostgreSQL's immediate shutdown: it ends all backends within moments and writes nothing
// more, and the next start replays the write-ahead log, exactly as after a power cut, so what was committed stays. The
// gentler SIGINT would first write out all dirty pages, which takes long and makes a restarting Herald wait; SIGKILL
// would orphan the backends. Pdeathsig is tied to the operating-system thread that started the child, so the goroutine
// that waits for the child keeps that thread to itself for the child's whole life. The child gets a session of its own,
// so that a Ctrl-C in the terminal reaches Herald only, and Herald stops things in order.
//
// # What a start cleans up
//
// A lock file says whether another process uses the cluster. Once it is ours, every process that still carries the
// cluster's name belongs to a dead parent: Start tells it to go and waits for it, and then removes the pid file of the
// dead postmaster. (PostgreSQL itself would refuse to start if that process id were in use again, which is usual in
// containers, where every start gets the same few ids.)
package pgserver
