internal import Glibc

/// The limit of open files and connections of this process.
enum OpenFileLimit {
    /// The usual soft limit, assumed if the limit is unknown.
    private static let standard: UInt64 = 1024

    /// Raises the soft limit to the hard limit, if the kernel permits it, and returns the soft limit.
    ///
    /// The soft limit is 1024 on most systems, for compatibility with programs that use `select`. Each connection and
    /// the index of each sealed segment takes a descriptor, so a server can reach that limit with little load.
    static func raise() -> UInt64 {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return standard }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return UInt64(setrlimit(resource, &limit) == 0 ? limit.rlim_cur : soft)
    }
}
