internal import Catalog
internal import Federation
internal import JSON
internal import Store

/// Imports the documents of files into one collection, in groups.
struct ImportRun {
    /// What an import reports while it runs.
    struct Reports {
        /// Called for each refused document with its position and the reason.
        var refusal: (String) -> Void
        /// Called with the format that was detected in a file.
        var format: (ImportFormat, ImportSource) -> Void = { _, _ in }
        /// Called after each group, for progress.
        var progress: (ImportRun, ImportSource) -> Void = { _, _ in }
    }

    private let resource: Resource
    private let collection: DocumentCollection?
    private let format: ImportFormat
    private let validates: Bool
    private let keepsTimes: Bool
    private let isStrict: Bool
    private let skipsExisting: Bool
    private let artifacts: ArtifactFiles?
    private let counts = AdaptationCounts()
    private let reports: Reports

    private(set) var importedCount = 0
    private(set) var refusedCount = 0
    /// Documents whose id was stored before.
    private(set) var existingCount = 0
    private(set) var byteCount: Int64 = 0

    /// The documents that were imported with changes.
    var adaptations: AdaptationCounts.Summary { counts.summary }

    /// Creates an import into `collection`; nil only reads and validates documents.
    ///
    /// `validates` (default: true) requires documents of the resource and adds their missing fields. `keepsTimes`
    /// (default: false) keeps the time stamps of documents. `isStrict` (default: false) refuses documents that the API
    /// would refuse, instead of adapting them. `skipsExisting` (default: false) does not refuse a document whose id exists.
    /// Models and packages need `artifacts`.
    init(
        of resource: Resource,
        into collection: DocumentCollection?,
        format: ImportFormat = .auto,
        validates: Bool = true,
        keepsTimes: Bool = false,
        isStrict: Bool = false,
        skipsExisting: Bool = false,
        artifacts: ArtifactFiles? = nil,
        reports: Reports
    ) {
        self.resource = resource
        self.collection = collection
        self.format = format
        self.validates = validates
        self.keepsTimes = keepsTimes
        self.isStrict = isStrict
        self.skipsExisting = skipsExisting
        self.artifacts = artifacts
        self.reports = reports
    }

    /// Imports all documents of a file, which are durable when it returns.
    ///
    /// - Throws: ``CommandFailure`` if the file cannot be read to its end or the store fails; the documents imported so
    ///   far stay.
    mutating func take(_ source: inout ImportSource) async throws {
        var batch = batch(of: source)
        while let entry = try await next(of: &source, &batch) {
            // A group is stored at once, but a document with a file on its own.
            if batch.isFull(for: entry) || artifacts != nil { try await flush(&batch, source) }
            counts.begin(entry.number)
            try batch.add(adapts ? readable(entry) : entry)
        }
        try await flush(&batch, source)
    }

    /// Returns the next document; if the file cannot be read, the documents before the error are stored first.
    private mutating func next(
        of source: inout ImportSource,
        _ batch: inout BatchIngest
    ) async throws -> IngestEntry? {
        do {
            return try await source.next()
        } catch {
            try await flush(&batch, source)
            throw CommandFailure("\(source.name): \(error)")
        }
    }

    /// Creates the batch for a file, whose first object decides its format.
    private func batch(of source: ImportSource) -> BatchIngest {
        var known = format == .auto ? nil : format
        let identity = Resource.migrations[resource.name]?.identity ?? resource.key
        let prepare: BatchIngest.Preparation = { [self] object, _ in
            let format = try known ?? detected(by: object, in: source)
            known = format
            let isExport = ImportFormat.isExport(object)
            return try document(format.document(object, key: identity), isExport: isExport)
        }
        let byteCountMax = ImportSource.documentByteCountMax
        guard let artifacts else {
            return BatchIngest(
                into: collection,
                documentByteCountMax: byteCountMax,
                keepsTimes: keepsTimes,
                prepare: prepare
            )
        }
        return BatchIngest(
            documentByteCountMax: byteCountMax,
            storing: { [keepsTimes] objects throws(StoreError) in
                var refusals: [StoreError?] = []
                for object in objects { refusals.append(try await artifacts.store(object, keepingTimes: keepsTimes)) }
                return refusals
            },
            prepare: prepare
        )
    }

    private func detected(by object: JSONObject, in source: ImportSource) throws(CommandFailure) -> ImportFormat {
        if object.count == 2, object["count"]?.int != nil, object["result"]?.array != nil {
            throw CommandFailure(
                "\(source.name) is the response to a list; import its documents, oldest first: "
                    + "jq -c '.result | reverse[]' \(source.name) | ledge import … -"
            )
        }
        let format = ImportFormat.detected(by: object)
        reports.format(format, source)
        return format
    }

    private var adapts: Bool { validates && !isStrict }

    /// Returns a document with text in place of numbers that JSON does not have.
    private func readable(_ entry: IngestEntry) -> IngestEntry {
        guard let bytes = entry.bytes.flatMap(BareNumbers.quoted) else { return entry }
        return IngestEntry(number: entry.number, bytes: bytes)
    }

    /// Returns a document as it is stored.
    private func document(_ object: JSONObject, isExport: Bool) throws(ValidationError) -> JSONObject {
        let object = artifacts == nil ? object : ArtifactImport.withPlaceholders(object)
        if adapts {
            let migrated = try resource.migrated(
                object,
                keepingTimesUntil: keepsTimes ? .now() : nil,
                isExport: isExport
            )
            counts.add(migrated.adaptations)
            return migrated.document
        }
        var document = validates ? try resource.validate(object) : object
        guard keepsTimes else { return document }
        for name in Resource.stamps {
            guard let value = object[name], value != .null else { continue }
            document[name] = Timestamp(value: value).map { JSON($0) } ?? value
        }
        return document
    }

    /// Stores the group and reports refused documents, in the order of the file.
    private mutating func flush(_ batch: inout BatchIngest, _ source: ImportSource) async throws(CommandFailure) {
        let outcome: IngestOutcome?
        do { outcome = try await batch.flush() } catch {
            let position = source.position(batch.firstNumber)
            throw CommandFailure("stopped before \(position): \(error.text); \(importedCount) documents are stored")
        }
        guard let outcome else { return }
        let refusals = outcome.refusals.filter { !(skipsExisting && $0.reason.isExisting) }
        for refusal in refusals {
            reports.refusal("\(source.position(refusal.number)): \(refusal.reason.text)")
        }
        counts.end(except: Set(outcome.refusals.map(\.number)))
        importedCount += outcome.acceptedCount
        refusedCount += refusals.count
        existingCount += outcome.refusals.count - refusals.count
        byteCount += Int64(outcome.byteCount)
        reports.progress(self, source)
    }
}

extension IngestOutcome.Reason {
    /// Whether the document's id was stored before.
    fileprivate var isExisting: Bool {
        if case .notStored(.alreadyExists) = self { true } else { false }
    }

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
