internal import Concurrency
internal import Disk
internal import Dispatch
internal import Index
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// The stored state of tokens: the current generation of each family of refresh tokens, and revocations.
///
/// Shape: one document for each family and one for each subject whose tokens were revoked, independent of the number of
/// tokens; a family whose first token was never used has none.
///
///     {"scope":"family:0c1d…","generation":3,"rotated_at":"…","expires_at":"…","revoked":false}
///     {"scope":"client:edge-7","revoked_at":"…","expires_at":"…"}
///
/// After `expires_at` all tokens that a document applies to have expired, and it may be deleted.
struct SpentTokens: Sendable {
    /// The collection, with one document for each scope.
    static let schema = CollectionSchema(
        name: "spent_tokens",
        key: key,
        indexes: ["expires_at"],
        isAppendOnly: false
    )

    private static let key = "scope"

    let collection: DocumentCollection
    /// The start of this process; see ``use(_:at:until:)``.
    let openedAt: Timestamp
    /// The period in which a used refresh token may be used again.
    let grace: Duration
    /// Revocations that are in effect but not yet durable, by scope.
    private let revoking = NIOLockedValueBox<[String: Timestamp]>([:])
}

/// Families of refresh tokens.
extension SpentTokens {
    /// Marks a refresh token as used, durably, and returns the generation and the expiry of the next one.
    ///
    /// Of two concurrent uses the second counts as a repetition of the first. The grace period starts again with the
    /// process, because the end of the previous process may have lost an answer.
    func use(
        _ lineage: Claims.Lineage,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> (generation: Int64, expiresAt: Timestamp) {
        switch try await outcome(of: lineage, at: now, until: expiresAt) {
        case .rotated(let family), .repeated(let family): return (family.generation, family.expiresAt)
        case .reused: throw .invalid(.reused)
        case .ended: throw .invalid(.revoked)
        }
    }

    private func outcome(
        of lineage: Claims.Lineage,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> TokenFamily.Outcome {
        let scope = "family:\(lineage.family)"
        // The second iteration finds the document that a concurrent use of the first token has just inserted.
        while true {
            if let outcome = try await outcome(ofStored: scope, lineage.generation, at: now, until: expiresAt) {
                return outcome
            }
            let family = TokenFamily.begun(with: lineage.generation, at: now, until: expiresAt)
            if try await insert(document(scope, family.members)) { return .rotated(family) }
        }
    }

    /// Determines the outcome for a family with a document and updates the document; nil if there is no document.
    private func outcome(
        ofStored scope: String,
        _ generation: Int64,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> TokenFamily.Outcome? {
        let outcome = NIOLockedValueBox<TokenFamily.Outcome?>(nil)
        do {
            _ = try await collection.update(scope) { old throws(StoreError) in
                let family = try family(old, scope)
                let graceEnd = max(family.rotatedAt, openedAt).advanced(by: grace)
                let found = family.used(generation, at: now, until: expiresAt, graceEnd: graceEnd)
                outcome.withLockedValue { $0 = found }
                switch found {
                case .rotated(let changed), .reused(let changed): return document(scope, changed.members)
                case .repeated, .ended: throw .refused(reason: "nothing changes")
                }
            }
        } catch {
            switch error {
            case .notFound: return nil
            case .refused: break
            default: throw .store(error)
            }
        }
        return outcome.withLockedValue { $0 }
    }

    private func family(_ document: JSONObject, _ scope: String) throws(StoreError) -> TokenFamily {
        guard let family = TokenFamily(document) else {
            throw malformed(scope)
        }
        return family
    }

    /// The error for a document that this build cannot have written.
    private func malformed(_ scope: String) -> StoreError {
        .storage(.corrupt(Corruption(path: "collections/\(Self.schema.name)", reason: .malformedDocument(id: scope))))
    }

    /// Inserts a document; returns false if it already exists.
    private func insert(_ document: JSONObject) async throws(TokenError) -> Bool {
        do {
            _ = try await collection.insert(document)
            return true
        } catch {
            if case .alreadyExists = error { return false }
            throw .store(error)
        }
    }

    private func document(_ scope: String, _ members: JSONObject) -> JSONObject {
        var document: JSONObject = [Self.key: .string(scope)]
        for (name, value) in members { document[name] = value }
        return document
    }
}

/// Revocations.
extension SpentTokens {
    /// Whether a token of this subject and role, issued at `issuedAt`, was revoked.
    func isRevoked(_ subject: String, _ role: Role, issuedAt: Timestamp) throws(TokenError) -> Bool {
        let scope = scope(subject, role)
        if let revokedAt = revoking.withLockedValue({ $0[scope] }), issuedAt < revokedAt { return true }
        do throws(StoreError) {
            guard let document = try collection.get(scope) else { return false }
            guard
                let object = (try? JSON(parsing: document.bytes))?.object,
                let revokedAt = object["revoked_at"]?.string.flatMap({ Timestamp(parsing: $0) })
            else { throw malformed(scope) }
            return issuedAt < revokedAt
        } catch {
            throw .store(error)
        }
    }

    /// Revokes all tokens of a subject and role that were issued before the time that `stamp` returns.
    ///
    /// The revocation is in effect immediately, and durable when this returns.
    func revoke(_ subject: String, _ role: Role, stamp: () -> Timestamp, keptFor: Duration) async throws(TokenError) {
        let scope = scope(subject, role)
        // Under one lock: a token is either issued before this time, or its issuing finds the revocation.
        let revokedAt = revoking.withLockedValue { revoking in
            let now = stamp()
            revoking[scope] = now
            return now
        }
        defer { revoking.withLockedValue { if $0[scope] == revokedAt { $0[scope] = nil } } }
        let members: JSONObject = [
            "revoked_at": .string(revokedAt.description),
            "expires_at": .string(revokedAt.advanced(by: keptFor).description),
        ]
        do { _ = try await collection.put(document(scope, members)) } catch { throw .store(error) }
    }

    /// Returns the common scope of an access role and its refresh role, which are revoked together.
    private func scope(_ subject: String, _ role: Role) -> String {
        "\((role.refreshed ?? role).rawValue):\(subject)"
    }
}

/// Expiry.
extension SpentTokens {
    /// Deletes up to `countMax` documents whose tokens have all expired, and returns their number.
    func sweep(at now: Timestamp, countMax: Int) async throws -> Int {
        let expired = Condition("expires_at", .less(Operand(text: now.description)))
        let query = Query(filter: Filter([expired]), sortKey: "expires_at", ascending: true, limit: countMax)
        let ids = try await DispatchQueue.global(qos: .utility).run { [collection] in
            try collection.list(query).documents.map(\.id)
        }
        for id in ids { try await collection.delete(id) }
        return ids.count
    }
}
