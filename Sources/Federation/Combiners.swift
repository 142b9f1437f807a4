internal import Catalog
internal import Index
package import JSON
package import Store

/// The declared combiners, and the assignment of clients to them.
///
/// A combiner's id is its name: FEDn's clients ask for one by name, the reference's by id.
package struct Combiners: Sendable {
    private let combiners: ResourceCollection
    private let clients: ResourceCollection

    package init(store: Store) {
        combiners = ResourceCollection(.combiners, of: store)
        clients = ResourceCollection(.clients, of: store)
    }

    /// Stores a combiner that the operator declares, or changes its address; host names that were set through the API
    /// are kept.
    package func declare(_ declaration: CombinerDeclaration) async throws {
        let known = try combiners.get(declaration.name)
        var combiner = known ?? ["combiner_id": .string(declaration.name), "name": .string(declaration.name)]
        for name in ["address", "fqdn", "internal_hostname"] where known == nil || name != "internal_hostname" {
            combiner[name] = .string(declaration.host)
        }
        combiner["port"] = JSON(declaration.port)
        for name in Resource.stamps { combiner[name] = nil }
        let document = try Resource.combiners.validateStored(combiner)
        if let known, document.allSatisfy({ known[$0.key] == $0.value }) { return }
        _ = try await combiners.put(document)
    }

    /// Changes the host names under which clients reach a combiner.
    package func change(_ id: String, _ fields: JSONObject) async throws -> Document {
        try await combiners.change(id, fields) { _, new throws(ValidationError) in
            for name in ["public_hostname", "internal_hostname"] {
                guard let text = new[name]?.string, !text.isEmpty else { continue }
                guard let authority = Authority(parsing: text), authority.port != 0 else { throw .notAHostName(name) }
            }
        }
    }

    /// Returns the combiner for a client: the preferred one, or else the one with the fewest clients.
    ///
    /// Of several with equally many, it is the one that was declared first. The client itself is not counted, so that
    /// it keeps its combiner when it joins again.
    ///
    /// - Throws: ``FederationError/unknownCombiner(_:)``, ``FederationError/noCombiner``, and errors of reading
    ///   documents.
    package func assign(preferred: String?, current: String?) async throws -> Combiner {
        try await onThreadPool {
            if let preferred {
                guard let combiner = try combiners.get(preferred).flatMap(Combiner.init) else {
                    throw FederationError.unknownCombiner(preferred)
                }
                return combiner
            }
            guard let combiner = try leastLoaded(current: current) else { throw FederationError.noCombiner }
            return combiner
        }
    }

    /// How many clients are online, by combiner: of the given ones, or of all, the oldest first.
    package func onlineClientCounts(of ids: [String]) async throws -> [(id: String, count: Int)] {
        try await onThreadPool {
            try (ids.isEmpty ? all().map(\.id) : ids).map { ($0, try clientCount(of: $0, status: ["online"])) }
        }
    }

    private func leastLoaded(current: String?) throws -> Combiner? {
        var best: (combiner: Combiner, load: Int)?
        for combiner in try all() {
            var load = try clientCount(of: combiner.id, status: ["available", "online"])
            if combiner.id == current { load -= 1 }
            if let best, best.load <= load { continue }
            best = (combiner, load)
        }
        return best?.combiner
    }

    /// Every combiner, the oldest first.
    private func all() throws -> [Combiner] {
        try combiners.collection.list(Query(ascending: true)).documents.compactMap { Combiner(try $0.object) }
    }

    private func clientCount(of id: String, status: [String]) throws -> Int {
        try clients.count([
            Condition("combiner", .exactly(id)), Condition("status", .anyOf(status.map { Operand(text: $0) })),
        ])
    }
}
