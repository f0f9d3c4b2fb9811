// Package embedded holds the defaults for one machine: PostgreSQL and an S3 gateway with object lock, each a supervised
// child process, and the flush of the data folder that a receipt waits for.
//
// A child that dies is started again, with growing pauses. Children die with their parent, also when it is killed: the
// kernel signals them (PR_SET_PDEATHSIG), and the next start recovers what they left. One lock on the data folder keeps
// a second server out.
//
// What it defends against: two servers on one folder, children that outlive a crash, a socket or a key that other users
// of the machine can reach (folders are 0700, files with secrets 0600), secrets in a command line. What it does not do:
// the machine's root can still delete or change files under the object lock; at scale, use real servers.
package embedded
