internal import Catalog
internal import JSON
internal import Store

/// The packages, of which one is active.
///
/// Of the packages whose `active` is true the one that changed last is the active one. So one write makes a package
/// active, whatever a crash leaves of the others' flags; they are lowered afterwards.
struct Packages: Sendable {
    let collection: Collection
    /// Whoever changes which package is active waits for who does: each lowers the flags of the others.
    private let turns: Turns

    /// - Precondition: There is one of these for a store.
    init(store: Store) {
        collection = store.collection(Resource.packages.name)
        turns = Turns()
    }

    /// The active package, or nil.
    func active() throws -> Document? {
        try collection.list(Self.active(limit: 1)).documents.first
    }

    /// The newest package of that name, be it its own or that of its file, as it came or as it is handed out.
    func named(_ name: String) throws -> Document? {
        for field in ["storage_file_name", "file_name", "name"] as [FieldPath] {
            let query = Query(filter: Filter([Condition(field, .equal(name))]), limit: 1)
            if let found = try collection.list(query).documents.first { return found }
        }
        return nil
    }

    /// Makes a package the active one.
    func activate(_ id: String) async throws {
        await turns.enter(Self.turn)
        defer { turns.leave(Self.turn) }
        try await raise(id, true)
        try await lowerFlags(except: id)
    }

    /// Leaves no package active.
    func deactivate() async throws {
        await turns.enter(Self.turn)
        defer { turns.leave(Self.turn) }
        try await lowerFlags(except: nil)
    }

    private static let turn = "active"

    /// Lowers the flags of all packages but one.
    private func lowerFlags(except id: String?) async throws {
        let flagged = try await onThreadPool { [collection] in try collection.list(Self.active()).documents }
        // The active one last, so that a crash in the middle makes no other package active.
        for package in flagged.reversed() where package.id != id { try await raise(package.id, false) }
    }

    private func raise(_ id: String, _ isActive: Bool) async throws {
        _ = try await collection.update(id) { old throws(StoreError) in
            var package = old
            package["active"] = .bool(isActive)
            return package
        }
    }

    private static func active(limit: Int? = nil) -> Query {
        Query(filter: Filter([Condition("active", .equal("true"))]), sortKey: "updated_at", limit: limit)
    }
}
