internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// What is remembered about tokens: how far each family of refresh tokens has come, and whose tokens were revoked.
///
/// Shape: one document for each family, and one for each subject whose tokens were revoked, whatever the number of
/// tokens; a token that was never refreshed has none.
///
///     {"scope":"family:0c1d…","generation":3,"rotated_at":"…","expires_at":"…","revoked":false}
///     {"scope":"client:edge-7","revoked_at":"…","expires_at":"…"}
///
/// After `expires_at` no token it speaks of is valid any more and the document may go.
struct SpentTokens: Sendable {
    /// The collection, which keeps one document for each scope.
    static let schema = CollectionSchema(
        name: "spent_tokens",
        key: key,
        indexes: [FieldIndex(path: "expires_at", kind: .ordered)],
        isAppendOnly: false
    )

    private static let key = "scope"

    let collection: Collection
    /// When this process began; see ``use(_:at:until:)``.
    let openedAt: Timestamp
    /// How long a refresh token may be used again.
    let grace: Duration
    /// Revocations that are on their way to the disk, by scope: they hold already.
    private let revoking = NIOLockedValueBox<[String: Timestamp]>([:])

    init(collection: Collection, openedAt: Timestamp, grace: Duration) {
        self.collection = collection
        self.openedAt = openedAt
        self.grace = grace
    }
}

/// Families.
extension SpentTokens {
    /// Spends a refresh token, and returns the generation of the next one and when that expires.
    ///
    /// When this returns, the token is durably spent. Two uses at once are one use and its repetition. The grace
    /// period begins anew with the process, because an answer may have been lost in the end of the last one.
    func use(
        _ lineage: Claims.Lineage,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> (generation: Int64, expiresAt: Timestamp) {
        switch try await verdict(on: lineage, at: now, until: expiresAt) {
        case .rotated(let family), .repeated(let family): return (family.generation, family.expiresAt)
        case .reused: throw .invalid(.reused)
        case .ended: throw .invalid(.revoked)
        }
    }

    private func verdict(
        on lineage: Claims.Lineage,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> TokenFamily.Verdict {
        let scope = "family:\(lineage.family)"
        // The second round meets the document that another use of the first token has just made.
        while true {
            if let verdict = try await verdict(onKnown: scope, lineage.generation, at: now, until: expiresAt) {
                return verdict
            }
            let family = TokenFamily.begun(with: lineage.generation, at: now, until: expiresAt)
            if try await insert(document(scope, family.members)) { return .rotated(family) }
        }
    }

    /// The verdict on a family that has a document, which is changed as the verdict says; nil for one that has none.
    private func verdict(
        onKnown scope: String,
        _ generation: Int64,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> TokenFamily.Verdict? {
        let verdict = NIOLockedValueBox<TokenFamily.Verdict?>(nil)
        do {
            _ = try await collection.update(scope) { old throws(StoreError) in
                let family = try family(old, scope)
                let forgivenUntil = max(family.rotatedAt, openedAt).advanced(by: grace)
                let found = family.used(generation, at: now, until: expiresAt, forgivenUntil: forgivenUntil)
                verdict.withLockedValue { $0 = found }
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
        return verdict.withLockedValue { $0 }
    }

    private func family(_ document: JSONObject, _ scope: String) throws(StoreError) -> TokenFamily {
        guard let family = TokenFamily(document) else {
            throw .corrupt(path: "collections/\(Self.schema.name)", reason: "\(scope) is not a family of tokens")
        }
        return family
    }

    /// Returns false where another has made the document meanwhile.
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
    /// Whether a token of this subject and role, made at this moment, was revoked later.
    func isRevoked(_ subject: String, _ role: Role, issuedAt: Timestamp) throws(TokenError) -> Bool {
        let scope = scope(subject, role)
        if let revokedAt = revoking.withLockedValue({ $0[scope] }), issuedAt < revokedAt { return true }
        do throws(StoreError) {
            guard let document = try collection.get(scope) else { return false }
            guard
                let object = (try? JSON(parsing: document.bytes))?.object,
                let revokedAt = object["revoked_at"]?.string.flatMap({ Timestamp(parsing: $0) })
            else { throw .corrupt(path: "collections/\(Self.schema.name)", reason: "\(scope) is not a revocation") }
            return issuedAt < revokedAt
        } catch {
            throw .store(error)
        }
    }

    /// Revokes every token of a subject and role that was made before the moment `stamp` returns.
    ///
    /// It holds from then on, before it is durable; when this returns, it survives a power cut.
    func revoke(_ subject: String, _ role: Role, stamp: () -> Timestamp, keptFor: Duration) async throws(TokenError) {
        let scope = scope(subject, role)
        // In one step: a token made later finds the revocation, one made earlier is older than it.
        let revokedAt = revoking.withLockedValue { revoking in
            let moment = stamp()
            revoking[scope] = moment
            return moment
        }
        defer { revoking.withLockedValue { if $0[scope] == revokedAt { $0[scope] = nil } } }
        let members: JSONObject = [
            "revoked_at": .string(revokedAt.description),
            "expires_at": .string(revokedAt.advanced(by: keptFor).description),
        ]
        do { _ = try await collection.put(document(scope, members)) } catch { throw .store(error) }
    }

    /// An access token and the refresh token beside it are revoked together.
    private func scope(_ subject: String, _ role: Role) -> String {
        "\((role.refreshed ?? role).rawValue):\(subject)"
    }
}

/// Forgetting.
extension SpentTokens {
    /// Removes up to `countMax` documents that speak only of tokens that have expired, and returns how many they were.
    func sweep(at now: Timestamp, countMax: Int) async throws(StoreError) -> Int {
        let expired = Condition("expires_at", .less(Operand(text: now.description)))
        let query = Query(filter: Filter([expired]), sortKey: "expires_at", ascending: true, limit: countMax)
        let ids = try await offThePool { [collection] () throws(StoreError) in
            try collection.list(query).documents.map(\.id)
        }
        for id in ids { try await collection.delete(id) }
        return ids.count
    }

    /// Runs a body that reads the disk on a thread that may wait for it.
    private func offThePool<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = NIOLockedValueBox<Result<Value, StoreError>?>(nil)
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                let found = Result { () throws(StoreError) in try body() }
                result.withLockedValue { $0 = found }
                continuation.resume()
            }
        }
        guard let result = result.withLockedValue({ $0 }) else { preconditionFailure("the body has run") }
        return try result.get()
    }
}
