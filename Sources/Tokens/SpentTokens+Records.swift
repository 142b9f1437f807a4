internal import Concurrency
internal import Disk
internal import Dispatch
internal import Index
internal import JSON
internal import Store

/// The list of issued tokens.
extension SpentTokens {
    /// Stores the record of an issued token.
    func add(_ record: TokenRecord) async throws(TokenError) {
        let scope: RevocationScope = record.kind == .family ? .family(record.id) : .token(record.id)
        _ = try await insert(document(scope.text, record.members))
    }

    /// Returns records, newest first, and the number of all that match.
    func records(_ filter: TokenRecord.Filter) async throws(TokenError) -> (records: [TokenRecord], total: Int) {
        var conditions = [Condition("kind", .noneOf([Operand(.null)]))]
        if let role = filter.role { conditions.append(Condition("role", .anyOf([Operand(exactly: role.rawValue)]))) }
        if let subject = filter.subject { conditions.append(Condition("subject", .anyOf([Operand(exactly: subject)]))) }
        let query = Query(filter: Filter(conditions), skip: filter.skip, limit: filter.limit)
        do throws(StorageError) {
            let page = try await DispatchQueue.global(qos: .utility).run { [collection] () throws(StorageError) in
                try collection.list(query)
            }
            return (page.documents.compactMap(TokenRecord.init), page.total)
        } catch {
            throw .store(.storage(error))
        }
    }

    /// Deletes up to `countMax` documents whose tokens have all expired, and returns their number.
    func sweep(at now: Timestamp, countMax: Int) async throws -> Int {
        let expired = Condition("expires_at", .less(Operand(text: now.description)))
        let query = Query(filter: Filter([expired]), sortKey: "expires_at", ascending: true, limit: countMax)
        let ids = try await DispatchQueue.global(qos: .utility).run { [collection] in
            try collection.list(query).documents.map(\.id)
        }
        for id in ids {
            try await collection.delete(id)
            if let scope = RevocationScope(id) { revocations.remove(scope) }
        }
        return ids.count
    }
}
