internal import Glibc

/// How many files and connections this process may have open at once.
enum OpenFileLimit {
    /// Raises the soft limit to the hard one, and returns it; nil where the kernel refuses.
    ///
    /// The soft limit is 1024 on most systems, for the sake of programs that use `select`. Each connection takes a
    /// descriptor and each sealed segment another, so a server reaches that long before the machine has to stop it.
    static func raise() -> UInt64? {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(resource, &limit) == 0 else { return nil }
        return UInt64(limit.rlim_cur)
    }
}
