package import Glibc

/// The status of a child process.
package enum ChildStatus: Sendable {
    case exited(code: Int32, ProcessUsage)
    case killed(signal: Int32, ProcessUsage)
    /// A signal stopped it; it may be continued.
    case stopped(signal: Int32)

    /// Waits until a child ends or is stopped; blocks. nil when it is not a child of this process.
    package static func next(of child: pid_t) -> ChildStatus? {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, WUNTRACED, &usage) < 0 {
            guard errno == EINTR else { return nil }
        }
        // wait(2): 0x7F marks a stop; else the low seven bits are the signal, and the next byte is the exit code.
        switch status & 0xFF {
        case 0x7F: return .stopped(signal: (status >> 8) & 0xFF)
        case let low where low & 0x7F == 0: return .exited(code: (status >> 8) & 0xFF, ProcessUsage(usage))
        default: return .killed(signal: status & 0x7F, ProcessUsage(usage))
        }
    }
}

/// The resources that a process and its awaited children have used.
package struct ProcessUsage: Sendable {
    /// CPU time in user mode, in seconds.
    package let userSeconds: Double
    /// CPU time in the kernel, in seconds.
    package let systemSeconds: Double
    /// The peak memory of the largest of these processes, in bytes.
    package let peakBytes: Int64
    /// Bytes read from storage.
    package let readBytes: UInt64
    /// Bytes written to storage, or soon to be.
    package let writtenBytes: UInt64

    init(_ usage: rusage) {
        userSeconds = Self.seconds(usage.ru_utime)
        systemSeconds = Self.seconds(usage.ru_stime)
        peakBytes = Int64(usage.ru_maxrss) * 1024
        // In blocks of 512 bytes, whatever those of the file system are.
        readBytes = UInt64(max(0, usage.ru_inblock)) * 512
        writtenBytes = UInt64(max(0, usage.ru_oublock)) * 512
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
