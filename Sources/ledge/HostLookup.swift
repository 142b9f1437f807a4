internal import Glibc

/// Finds out whether a host has an address, before anything waits for it.
enum HostLookup {
    /// Requires that a host has an address now; blocks.
    ///
    /// A mistyped name is an error at once. A connection that breaks later is a matter of the network, and is retried.
    ///
    /// - Throws: ``CommandFailure`` with the reason of the resolver.
    static func require(_ host: String, of option: String) throws(CommandFailure) {
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, nil, &found)
        if let found { freeaddrinfo(found) }
        guard code != 0 else { return }
        let reason = gai_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        throw CommandFailure(
            "\(option): the host '\(host)' cannot be found (\(reason)); check its name, and the network"
        )
    }
}
