package derive

import (
	"bytes"
	"encoding/binary"
	"runtime"

	"golang.org/x/sys/unix"
)

// deniedCalls are system calls no decoder needs. They answer EPERM. This is a second wall behind the namespaces: each of
// these has been a way into a kernel, or makes memory that the limits do not count.
var deniedCalls = []uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS,
	unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK,
	unix.SYS_MOUNT_SETATTR, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT,
	unix.SYS_PERSONALITY, unix.SYS_QUOTACTL, unix.SYS_ACCT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_SYSLOG,
	unix.SYS_FANOTIFY_INIT, unix.SYS_INOTIFY_INIT1, unix.SYS_VHANGUP,
}

// auditArch names the machine in struct seccomp_data; 0 where no filter is known.
func auditArch() uint32 {
	switch runtime.GOARCH {
	case "amd64":
		return unix.AUDIT_ARCH_X86_64
	case "arm64":
		return unix.AUDIT_ARCH_AARCH64
	}
	return 0
}

const (
	bpfLoad    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfEqual   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfAtLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bpfAnyBit  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	bpfReturn  = unix.BPF_RET | unix.BPF_K

	retAllow   = 0x7fff0000 // SECCOMP_RET_ALLOW
	retErrno   = 0x00050000 // SECCOMP_RET_ERRNO, the number in the low 16 bits
	retKill    = 0x80000000 // SECCOMP_RET_KILL_PROCESS
	x32Bit     = 0x40000000 // the x32 calls of amd64 would slip past numbers
	offNumber  = 0          // struct seccomp_data: int nr; __u32 arch; __u64 ip; __u64 args[6]
	offArch    = 4
	offArg0Low = 16
)

// seccompFilter is the filter in the form bubblewrap reads from a file: an array of struct sock_filter
// (u16 code, u8 jump if true, u8 jump if false, u32 operand). Nil where the machine is unknown.
func seccompFilter() []byte {
	arch := auditArch()
	if arch == 0 {
		return nil
	}
	deny := retErrno | uint32(unix.EPERM)
	prog := []unix.SockFilter{
		{Code: bpfLoad, K: offArch},
		{Code: bpfEqual, Jt: 1, K: arch},
		{Code: bpfReturn, K: retKill},
		{Code: bpfLoad, K: offNumber},
		{Code: bpfAtLeast, Jf: 1, K: x32Bit},
		{Code: bpfReturn, K: deny},
		// clone3 passes its flags in memory, which a filter cannot read: "not there" sends the C library to clone.
		{Code: bpfEqual, Jf: 1, K: unix.SYS_CLONE3},
		{Code: bpfReturn, K: retErrno | uint32(unix.ENOSYS)},
	}
	for _, nr := range deniedCalls {
		prog = append(prog, unix.SockFilter{Code: bpfEqual, Jf: 1, K: nr}, unix.SockFilter{Code: bpfReturn, K: deny})
	}
	prog = append(prog,
		unix.SockFilter{Code: bpfEqual, Jf: 3, K: unix.SYS_CLONE},
		unix.SockFilter{Code: bpfLoad, K: offArg0Low},
		unix.SockFilter{Code: bpfAnyBit, Jf: 1, K: unix.CLONE_NEWUSER},
		unix.SockFilter{Code: bpfReturn, K: deny},
		unix.SockFilter{Code: bpfReturn, K: retAllow},
	)
	var b bytes.Buffer
	for _, f := range prog {
		// Writing fixed-size fields to a bytes.Buffer cannot fail.
		_ = binary.Write(&b, binary.NativeEndian, f)
	}
	return b.Bytes()
}
