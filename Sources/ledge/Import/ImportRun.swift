internal import API
internal import Catalog
internal import JSON
internal import Store

/// Brings the documents of some files into one collection, group by group.
struct ImportRun {
    /// How much goes into one group commit at most; a longer document is a group of its own.
    static let documentCountMax = 1_000
    static let byteCountMax = 1 << 20

    let resource: Resource
    /// Nil where documents are only read and checked.
    let collection: Collection?
    /// Whether a document must be one of the resource, and gets the fields it left out.
    var validates = true
    /// Whether `committed_at` stays what the file says.
    var keepsTimes = false
    /// Told of each document that is not stored, in words: where it stands, and why.
    let refuse: (String) -> Void
    /// Told how far it is, after each group.
    let note: (ImportRun, ImportSource) -> Void

    private(set) var importedCount = 0
    private(set) var refusedCount = 0
    private(set) var byteCount: Int64 = 0
    private var group = Group()

    /// The documents that wait to be stored, and what is known of those that never will be.
    private struct Group {
        var byteCount = 0
        var drafts: [(place: ImportEntry.Place, object: JSONObject)] = []
        var refusals: [(place: ImportEntry.Place, reason: String)] = []

        var count: Int { drafts.count + refusals.count }
    }

    init(
        of resource: Resource,
        into collection: Collection?,
        refuse: @escaping (String) -> Void,
        note: @escaping (ImportRun, ImportSource) -> Void = { _, _ in }
    ) {
        self.resource = resource
        self.collection = collection
        self.refuse = refuse
        self.note = note
    }

    /// Takes all documents of a file; what is returned from is on stable storage.
    ///
    /// - Throws: ``CommandFailure`` where the file cannot be read to its end or the store takes no more; what was
    ///   imported until then stays.
    mutating func take(_ source: inout ImportSource) async throws {
        while let entry = try await next(of: &source) { try await add(entry, of: source) }
        try await store(source)
    }

    /// Returns the next document; where the file breaks off, what came before it is stored first.
    private mutating func next(of source: inout ImportSource) async throws -> ImportEntry? {
        do {
            return try await source.next()
        } catch {
            try await store(source)
            throw CommandFailure("\(source.name): \(error)")
        }
    }

    private mutating func add(_ entry: ImportEntry, of source: ImportSource) async throws {
        let byteCount = entry.bytes?.count ?? 0
        let isFull = group.count == Self.documentCountMax || group.byteCount + byteCount > Self.byteCountMax
        if isFull, group.count > 0 { try await store(source) }
        group.byteCount += byteCount
        guard let bytes = entry.bytes else {
            return group.refusals.append((entry.place, "it is longer than \(ImportEntry.byteCountMax) bytes"))
        }
        do {
            group.drafts.append((entry.place, try document(in: bytes)))
        } catch Catalog.ValidationError.notAnObject {
            group.refusals.append((entry.place, "it is no JSON object"))
        } catch {
            group.refusals.append((entry.place, Sentence.of(error)))
        }
    }

    /// Returns the document that some bytes stand for, as it is to be stored.
    private func document(in bytes: ArraySlice<UInt8>) throws -> JSONObject {
        guard case .object(let object) = try JSON(parsing: bytes) else { throw Catalog.ValidationError.notAnObject }
        let found = ExtendedJSON.document(object, key: resource.key)
        var document = validates ? try resource.validate(found) : found
        guard keepsTimes, let committedAt = found["committed_at"], committedAt != .null else { return document }
        document["committed_at"] = Self.moment(committedAt).map { .string($0.description) } ?? committedAt
        return document
    }

    /// A moment as text, or as seconds since 1970.
    private static func moment(_ value: JSON) -> Timestamp? {
        if let text = value.string { return Timestamp(parsing: text) }
        guard let seconds = value.double, seconds.magnitude < 1e12 else { return nil }
        return Timestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    /// Stores the group, says what was refused, in the order of the file, and begins the next.
    private mutating func store(_ source: ImportSource) async throws {
        guard group.count > 0 else { return }
        for (draft, error) in zip(group.drafts, try await outcomes(source)) {
            if let error { group.refusals.append((draft.place, error.text)) } else { importedCount += 1 }
        }
        for refusal in group.refusals.sorted(by: { $0.place.number < $1.place.number }) {
            refuse("\(Self.text(refusal.place, of: source)): \(refusal.reason)")
        }
        refusedCount += group.refusals.count
        byteCount += Int64(group.byteCount)
        group = Group()
        note(self, source)
    }

    /// What became of each draft of the group: nil where it is stored, or would be.
    private func outcomes(_ source: ImportSource) async throws(CommandFailure) -> [StoreError?] {
        guard let collection, !group.drafts.isEmpty else { return group.drafts.map { _ in nil } }
        do throws(StoreError) {
            return try await collection.insert(contentsOf: group.drafts.map(\.object), keepingTimes: keepsTimes)
        } catch {
            let place = group.drafts.first.map { Self.text($0.place, of: source) } ?? source.name
            throw CommandFailure("stopped before \(place): \(error.text); \(importedCount) documents are stored")
        }
    }

    private static func text(_ place: ImportEntry.Place, of source: ImportSource) -> String {
        switch place {
        case .line(let number): "\(source.name):\(number)"
        case .element(let number): "\(source.name), element \(number)"
        }
    }
}
