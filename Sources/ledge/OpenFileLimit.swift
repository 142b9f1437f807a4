internal import Glibc

/// How many files and connections this process may have open at once.
enum OpenFileLimit {
    /// What POSIX systems begin with.
    private static let standard: UInt64 = 1024

    /// Raises the soft limit to the hard one, where the kernel lets it, and returns how many there may be then.
    ///
    /// The soft limit is 1024 on most systems, for the sake of programs that use `select`. Each connection takes a
    /// descriptor and each sealed segment another, so a server reaches that long before the machine has to stop it.
    static func raise() -> UInt64 {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return standard }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return UInt64(setrlimit(resource, &limit) == 0 ? limit.rlim_cur : soft)
    }
}
