internal import Catalog
internal import JSON
internal import Store

/// The combiners that are declared, and which clients they have.
///
/// A combiner's id is its name: FEDn's clients ask for one by name, the reference's by id.
struct Combiners: Sendable {
    private let combiners: Collection
    private let clients: Collection

    init(store: Store) {
        combiners = store.collection(Resource.combiners.name)
        clients = store.collection(Resource.clients.name)
    }

    /// Keeps a combiner the operator declares, or moves it; the host names an operator gave it through the API stay.
    func declare(_ declaration: CombinerDeclaration) async throws {
        let known = try combiners.get(declaration.name).flatMap { try JSON(parsing: $0.bytes).object }
        var combiner = known ?? ["combiner_id": .string(declaration.name), "name": .string(declaration.name)]
        for name in ["address", "fqdn", "internal_hostname"] where known == nil || name != "internal_hostname" {
            combiner[name] = .string(declaration.host)
        }
        combiner["port"] = JSON(declaration.port)
        for stamp in Resource.stamps { combiner[stamp] = nil }
        let document = try Resource.combiners.validate(combiner)
        if let known, document.allSatisfy({ known[$0.key] == $0.value }) { return }
        _ = try await combiners.put(document)
    }

    /// Every combiner, the oldest first.
    func all() throws -> [Combiner] {
        try combiners.list(Query(ascending: true)).documents.compactMap { Combiner(try JSON(parsing: $0.bytes)) }
    }

    /// The combiner with an id, which is also its name.
    func named(_ id: String) throws -> Combiner? {
        try combiners.get(id).flatMap { Combiner(try JSON(parsing: $0.bytes)) }
    }

    /// How many clients of a combiner are online.
    func onlineClientCount(of id: String) throws -> Int {
        try clientCount(of: id, status: ["online"])
    }

    /// The combiner with the fewest clients, of those alike the one declared first; nil where there is none.
    ///
    /// A client does not count itself, so that it stays where it is when it comes back.
    func leastLoaded(for clientID: String, current: String?) throws -> Combiner? {
        var best: (combiner: Combiner, load: Int)?
        for combiner in try all() {
            var load = try clientCount(of: combiner.id, status: ["available", "online"])
            if combiner.id == current { load -= 1 }
            if let best, best.load <= load { continue }
            best = (combiner, load)
        }
        return best?.combiner
    }

    private func clientCount(of id: String, status: [String]) throws -> Int {
        try clients.count(
            Filter([
                Condition("combiner", .exactly(id)), Condition("status", .anyOf(status.map { Operand(text: $0) })),
            ])
        )
    }
}

/// A combiner as the operator declares it: `NAME=HOST:PORT`.
package struct CombinerDeclaration: Sendable, Hashable {
    package let name: String
    package let host: String
    package let port: Int

    package init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }
}

/// One combiner, with what a client needs to reach it.
struct Combiner: Sendable, Hashable {
    let id: String
    let publicHost: String
    let internalHost: String
    let port: Int
    let isSecure: Bool

    /// Reads a document; nil where it has no host or no port.
    ///
    /// A `public_hostname` may carry a port of its own, which clients want apart.
    init?(_ document: JSON) {
        guard let id = document[path: "combiner_id"]?.string else { return nil }
        let internalHost = ["internal_hostname", "address", "fqdn"].lazy
            .compactMap { document[path: FieldPath($0)]?.string }.first { !$0.isEmpty }
        let publicName = document[path: "public_hostname"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? internalHost
        guard let publicName else { return nil }
        let declaredPort = document[path: "port"]?.int
        let authority = Authority(parsing: publicName)
        guard let port = authority?.port ?? declaredPort.map({ Int($0) }) else { return nil }
        self.id = id
        publicHost = authority?.host ?? publicName
        self.internalHost = internalHost ?? publicHost
        self.port = port
        isSecure = document[path: "grpc_secure"]?.bool ?? false
    }
}
