internal import JSON

/// One combiner, with what a client needs to reach it.
package struct Combiner: Sendable, Hashable {
    package let id: String
    package let publicHost: String
    package let internalHost: String
    package let port: Int
    package let isSecure: Bool

    /// Reads a document; nil if it has no host or no port.
    ///
    /// A `public_hostname` may contain a port of its own, which clients expect in a separate field.
    init?(_ document: JSONObject) {
        guard let id = document["combiner_id"]?.string else { return nil }
        let internalHost = ["internal_hostname", "address", "fqdn"].lazy
            .compactMap { document[$0]?.string }.first { !$0.isEmpty }
        let publicName = document["public_hostname"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? internalHost
        guard let publicName else { return nil }
        let declaredPort = document["port"]?.int
        let authority = Authority(parsing: publicName)
        guard let port = authority?.port ?? declaredPort.map({ Int($0) }) else { return nil }
        self.id = id
        publicHost = authority?.host ?? publicName
        self.internalHost = internalHost ?? publicHost
        self.port = port
        isSecure = document["grpc_secure"]?.bool ?? false
    }
}
