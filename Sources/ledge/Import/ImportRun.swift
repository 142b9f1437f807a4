internal import Catalog
internal import Federation
internal import JSON
internal import Store

/// Imports the documents of some files into one collection, group by group.
struct ImportRun {
    /// Called with each document that is not stored, in words: where it is, and why.
    private let refuse: (String) -> Void
    /// Called after each group with what was imported so far.
    private let note: (ImportRun, ImportSource) -> Void
    private var batch: BatchIngest

    private(set) var importedCount = 0
    private(set) var refusedCount = 0
    private(set) var byteCount: Int64 = 0

    /// Imports into `collection`; without one, documents are only read and checked.
    ///
    /// `validates` asks for documents of the resource, and fills in the fields they left out; with `keepsTimes`
    /// `committed_at` stays what the file says.
    init(
        of resource: Resource,
        into collection: DocumentCollection?,
        validates: Bool = true,
        keepsTimes: Bool = false,
        refuse: @escaping (String) -> Void,
        note: @escaping (ImportRun, ImportSource) -> Void = { _, _ in }
    ) {
        self.refuse = refuse
        self.note = note
        batch = BatchIngest(
            into: collection,
            documentByteCountMax: ImportSource.documentByteCountMax,
            keepsTimes: keepsTimes
        ) { object, _ in
            let found = ExtendedJSON.document(object, key: resource.key)
            var document = validates ? try resource.validate(found) : found
            guard keepsTimes, let committedAt = found["committed_at"], committedAt != .null else { return document }
            document["committed_at"] = Self.moment(committedAt).map { JSON($0) } ?? committedAt
            return document
        }
    }

    /// Takes all documents of a file, which are on stable storage when it returns.
    ///
    /// - Throws: ``CommandFailure`` where the file cannot be read to its end or the store takes no more; what was
    ///   imported until then stays.
    mutating func take(_ source: inout ImportSource) async throws {
        while let entry = try await next(of: &source) {
            if batch.isFull(for: entry) { try await flush(source) }
            try batch.add(entry)
        }
        try await flush(source)
    }

    /// Returns the next document; where the file breaks off, what came before it is stored first.
    private mutating func next(of source: inout ImportSource) async throws -> IngestEntry? {
        do {
            return try await source.next()
        } catch {
            try await flush(source)
            throw CommandFailure("\(source.name): \(error)")
        }
    }

    /// A moment as text, or as seconds since 1970.
    private static func moment(_ value: JSON) -> Timestamp? {
        if let text = value.string { return Timestamp(parsing: text) }
        guard let seconds = value.double, seconds.magnitude < 1e12 else { return nil }
        return Timestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    /// Stores the group, and reports what was refused, in the order of the file.
    private mutating func flush(_ source: ImportSource) async throws(CommandFailure) {
        let outcome: IngestOutcome?
        do { outcome = try await batch.flush() } catch {
            let place = source.place(batch.firstNumber)
            throw CommandFailure("stopped before \(place): \(error.text); \(importedCount) documents are stored")
        }
        guard let outcome else { return }
        for refusal in outcome.refusals { refuse("\(source.place(refusal.number)): \(refusal.reason.text)") }
        importedCount += outcome.acceptedCount
        refusedCount += outcome.refusals.count
        byteCount += Int64(outcome.byteCount)
        note(self, source)
    }
}

extension IngestOutcome.Reason {
    /// What the operator reads.
    fileprivate var text: String {
        switch self {
        case .tooLong(let byteCountMax): "it is longer than \(byteCountMax) bytes"
        case .notAnObject: "it is no JSON object"
        case .invalid(let message): message
        case .notStored(let error): error.text
        }
    }
}
