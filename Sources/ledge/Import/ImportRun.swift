internal import Catalog
internal import Federation
internal import JSON
internal import Store

/// Imports the documents of files into one collection, in groups.
struct ImportRun {
    /// Called for each refused document with its position and the reason.
    private let refuse: (String) -> Void
    /// Called after each group, for progress.
    private let note: (ImportRun, ImportSource) -> Void
    private var batch: BatchIngest

    private(set) var importedCount = 0
    private(set) var refusedCount = 0
    private(set) var byteCount: Int64 = 0

    /// Creates an import into `collection`; nil only reads and validates documents.
    ///
    /// `validates` (default: true) requires documents of the resource and adds their missing fields. `keepsTimes`
    /// (default: false) keeps the `committed_at` of documents.
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
            document["committed_at"] = Self.time(committedAt).map { JSON($0) } ?? committedAt
            return document
        }
    }

    /// Imports all documents of a file, which are durable when it returns.
    ///
    /// - Throws: ``CommandFailure`` if the file cannot be read to its end or the store fails; the documents imported so
    ///   far stay.
    mutating func take(_ source: inout ImportSource) async throws {
        while let entry = try await next(of: &source) {
            if batch.isFull(for: entry) { try await flush(source) }
            try batch.add(entry)
        }
        try await flush(source)
    }

    /// Returns the next document; if the file cannot be read, the documents before the error are stored first.
    private mutating func next(of source: inout ImportSource) async throws -> IngestEntry? {
        do {
            return try await source.next()
        } catch {
            try await flush(source)
            throw CommandFailure("\(source.name): \(error)")
        }
    }

    /// Parses a time as text or as seconds since 1970.
    private static func time(_ value: JSON) -> Timestamp? {
        if let text = value.string { return Timestamp(parsing: text) }
        guard let seconds = value.double, seconds.magnitude < 1e12 else { return nil }
        return Timestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    /// Stores the group and reports refused documents, in the order of the file.
    private mutating func flush(_ source: ImportSource) async throws(CommandFailure) {
        let outcome: IngestOutcome?
        do { outcome = try await batch.flush() } catch {
            let position = source.position(batch.firstNumber)
            throw CommandFailure("stopped before \(position): \(error.text); \(importedCount) documents are stored")
        }
        guard let outcome else { return }
        for refusal in outcome.refusals { refuse("\(source.position(refusal.number)): \(refusal.reason.text)") }
        importedCount += outcome.acceptedCount
        refusedCount += outcome.refusals.count
        byteCount += Int64(outcome.byteCount)
        note(self, source)
    }
}

extension IngestOutcome.Reason {
    /// The message for the operator.
    fileprivate var text: String {
        switch self {
        case .tooLong(let byteCountMax): "it is longer than the maximum of \(byteCountMax) bytes"
        case .notAnObject: "it is not a JSON object"
        case .invalid(let message): message
        case .notStored(let error): error.text
        }
    }
}
