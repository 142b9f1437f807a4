internal import Index
internal import JSON
internal import Store

/// Revocations.
extension SpentTokens {
    private static let revokedAt = "revoked_at"

    /// Returns the revocations of a collection; nil if there are too many, or one cannot be read.
    ///
    /// In a damaged collection a revocation may be lost, so each lookup there must report that.
    static func revocations(in collection: DocumentCollection) -> RevocationTable.Times? {
        guard collection.damage.isEmpty else { return nil }
        var times: RevocationTable.Times = [:]
        // Families that ended by a second use have only the second member.
        for condition in [
            Condition(FieldPath(revokedAt), .noneOf([Operand(.null)])),
            Condition("revoked", .anyOf([Operand(.bool(true))])),
        ] {
            let query = Query(filter: Filter([condition]), limit: RevocationTable.countMax + 1)
            guard let page = try? collection.list(query), page.total <= RevocationTable.countMax else { return nil }
            for document in page.documents {
                guard let found = revocations(in: document) else { return nil }
                times.merge(found) { max($0, $1) }
            }
        }
        return times
    }

    /// Returns the revocations that a document contains; nil if it is malformed.
    private static func revocations(in document: Document) -> RevocationTable.Times? {
        guard let scope = RevocationScope(document.id), let object = document.object else { return nil }
        var times: RevocationTable.Times = [:]
        if let time = object[revokedAt]?.string {
            guard let time = Timestamp(parsing: time) else { return nil }
            // An administrator revokes a family by its id, like a token.
            if case .family(let id) = scope { times[.token(id)] = .latest }
            times[scope] = scope.end(of: time)
        } else if object["revoked"] == true {
            times[scope] = .latest
        }
        return times
    }

    /// Whether a token was revoked.
    func isRevoked(_ token: Identity) throws(TokenError) -> Bool {
        let scopes = token.scopes
        if let isRevoked = revocations.isRevoked(scopes, issuedAt: token.issuedAt) { return isRevoked }
        for scope in scopes {
            let stored: Document?
            do { stored = try collection.get(scope.text) } catch { throw .store(error) }
            guard let stored else { continue }
            guard let times = Self.revocations(in: stored) else { throw .store(malformed(scope.text)) }
            if scopes.contains(where: { scope in times[scope].map { token.issuedAt < $0 } ?? false }) { return true }
        }
        return false
    }

    /// Revokes the tokens that a scope applies to; `stamp` returns the time.
    ///
    /// The revocation is in effect immediately, and durable when this returns.
    func revoke(
        _ scope: RevocationScope,
        stamp: () -> Timestamp,
        keptFor: Duration
    ) async throws(TokenError) {
        let time = revocations.begin(scope, stamp: stamp)
        var isDurable = false
        defer { revocations.end(scope, at: time, isDurable: isDurable) }
        var members: JSONObject = [
            Self.revokedAt: .string(time.description),
            "expires_at": .string(time.advanced(by: keptFor).description),
        ]
        if case .token(let id) = scope {
            isDurable = try await change(scope, members)
            if !isDurable { isDurable = try await change(.family(id), members.merging(["revoked": true])) }
            members["kind"] = .string(TokenRecord.Kind.other.rawValue)
        }
        guard !isDurable else { return }
        do { _ = try await collection.put(document(scope.text, members)) } catch { throw .store(error) }
        isDurable = true
    }

    /// Sets members of a document; returns false if it does not exist.
    private func change(_ scope: RevocationScope, _ members: JSONObject) async throws(TokenError) -> Bool {
        do {
            _ = try await collection.update(scope.text) { old throws(StoreError) in old.merging(members) }
            return true
        } catch {
            if case .notFound = error { return false }
            throw .store(error)
        }
    }
}

extension Document {
    /// The document as an object; nil if it is none.
    var object: JSONObject? {
        (try? JSON(parsing: bytes))?.object
    }
}
