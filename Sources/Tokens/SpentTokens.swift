internal import Disk
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// The stored state of tokens: the current generation of each family of refresh tokens, issued keys, and revocations.
///
/// Shape: one document for each family, API key and enrollment token that this server issued, and one for each other
/// ``RevocationScope`` that was revoked. Members of families and tokens are in ``TokenRecord``; the others have only:
///
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

    static let key = "scope"

    let collection: DocumentCollection
    /// The start of this process; see ``use(_:at:until:)``.
    let openedAt: Timestamp
    /// The period in which a used refresh token may be used again.
    let grace: Duration
    let revocations: RevocationTable

    /// Reads the revocations of a collection; blocks.
    init(collection: DocumentCollection, openedAt: Timestamp, grace: Duration) {
        self.collection = collection
        self.openedAt = openedAt
        self.grace = grace
        revocations = RevocationTable(Self.revocations(in: collection))
    }
}

/// Families of refresh tokens.
extension SpentTokens {
    /// Marks a refresh token as used, durably, and returns the generation and the expiry of the next one.
    ///
    /// The document of the family also gets the members of `owner`, which earlier versions did not store.
    /// Of two concurrent uses the second counts as a repetition of the first. The grace period starts again with the
    /// process, because the end of the previous process may have lost an answer.
    func use(
        _ lineage: Claims.Lineage,
        of owner: JSONObject,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> (generation: Int64, expiresAt: Timestamp) {
        switch try await outcome(of: lineage, owner, at: now, until: expiresAt) {
        case .rotated(let family), .repeated(let family): return (family.generation, family.expiresAt)
        case .reused:
            revocations.add(.family(lineage.family))
            throw .invalid(.reused)
        case .ended: throw .invalid(.revoked)
        }
    }

    private func outcome(
        of lineage: Claims.Lineage,
        _ owner: JSONObject,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) async throws(TokenError) -> TokenFamily.Outcome {
        let scope = RevocationScope.family(lineage.family).text
        // The second iteration finds the document that a concurrent use of the first token has just inserted.
        while true {
            let stored = try await outcome(ofStored: scope, lineage.generation, owner, at: now, until: expiresAt)
            if let stored { return stored }
            let family = TokenFamily.begun(with: lineage.generation, at: now, until: expiresAt)
            if try await insert(document(scope, owner.merging(family.members))) { return .rotated(family) }
        }
    }

    /// Determines the outcome for a family with a document and updates the document; nil if there is no document.
    private func outcome(
        ofStored scope: String,
        _ generation: Int64,
        _ owner: JSONObject,
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
                case .rotated(let changed), .reused(let changed):
                    return old.merging(owner).merging(changed.members)
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
    func malformed(_ scope: String) -> StoreError {
        .storage(.corrupt(Corruption(path: "collections/\(Self.schema.name)", reason: .malformedDocument(id: scope))))
    }

    /// Inserts a document; returns false if it already exists.
    func insert(_ document: JSONObject) async throws(TokenError) -> Bool {
        do {
            _ = try await collection.insert(document)
            return true
        } catch {
            if case .alreadyExists = error { return false }
            throw .store(error)
        }
    }

    func document(_ scope: String, _ members: JSONObject) -> JSONObject {
        ([Self.key: .string(scope)] as JSONObject).merging(members)
    }
}

extension JSONObject {
    /// Returns a copy in which the members of `other` are set.
    func merging(_ other: JSONObject) -> JSONObject {
        var object = self
        for (name, value) in other { object[name] = value }
        return object
    }
}
