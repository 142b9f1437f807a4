package import Disk
package import Index
internal import JSON
internal import SegmentLog

extension DocumentCollection {
    /// Returns the document with an id, or nil.
    ///
    /// Takes one verified read of the log.
    ///
    /// - Throws: ``StoreError/possiblySuperseded(_:)`` if records are lost that may have stored or changed it;
    ///   ``StoreError/storage(_:)`` as ``list(_:)`` does.
    package func get(_ id: String) throws(StoreError) -> Document? {
        if let found = try StoreError.wrap(retrying(stored(id))) { return found.document }
        guard loss == nil else { throw missing(id) }
        return nil
    }

    /// Returns the page of a query, from a snapshot of the collection; all of its documents are in memory.
    ///
    /// Reads only the returned documents if all conditions and the order are on indexed fields. Otherwise it reads
    /// every document that the indexes do not exclude, one at a time, and keeps only their places until the page is
    /// known; the page's plan shows it.
    /// - Throws: ``StorageError/disk(_:)`` if a record cannot be read, ``StorageError/corrupt(_:)`` if it fails its
    ///   checksum; ``StorageError/retired`` if segments were rewritten or dropped during each attempt;
    ///   ``StorageError/tooManyToSort(countMax:)``.
    package func list(_ query: Query) throws(StorageError) -> Page {
        try retrying(page(query))
    }

    private func page(_ query: Query) throws(StorageError) -> Page {
        var walk = try DocumentWalk(query, over: self)
        var documents: [Document] = []
        while !walk.isAtEnd { documents += try walk.documents(byteCountMax: .max) }
        return Page(total: walk.total, documents: documents, plan: walk.plan)
    }

    /// Returns the documents of a query if they fit into `byteCountMax`, otherwise none, and a walk over all of them.
    ///
    /// Until the walk is released, its segments stay readable, also when they are merged or dropped. The first
    /// documents were read once, so that an error that affects all of them is thrown here.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func walk(
        _ query: Query,
        wholeUpTo byteCountMax: Int
    ) throws(StorageError) -> (documents: [Document], walk: DocumentWalk) {
        try retrying(begun(query, byteCountMax))
    }

    private func begun(
        _ query: Query,
        _ byteCountMax: Int
    ) throws(StorageError) -> (documents: [Document], walk: DocumentWalk) {
        var walk = try DocumentWalk(query, over: self)
        var ended = walk
        let documents = try ended.documents(byteCountMax: byteCountMax)
        if ended.isAtEnd { return (documents, ended) }
        try walk.keepSegments()
        return ([], walk)
    }

    /// Calls `body` with every document of a query, of which only some are in memory.
    ///
    /// - Throws: as ``list(_:)`` does; errors of `body`.
    package func forEach(_ query: Query, _ body: (Document) throws -> Void) throws {
        var (documents, walk) = try walk(query, wholeUpTo: Self.portionByteCount)
        while true {
            for document in documents { try body(document) }
            guard !walk.isAtEnd else { return }
            documents = try walk.documents(byteCountMax: Self.portionByteCount)
        }
    }

    private static let portionByteCount = 64 << 10

    /// Returns how many documents pass a filter.
    ///
    /// Reads none of them if all conditions are on indexed fields.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func count(_ filter: Filter) throws(StorageError) -> Int {
        try counted(filter).count
    }

    /// Returns how many documents pass a filter, with the query plan.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func counted(_ filter: Filter) throws(StorageError) -> (count: Int, plan: QueryPlan) {
        try retrying(countedOnce(filter))
    }

    private func countedOnce(_ filter: Filter) throws(StorageError) -> (count: Int, plan: QueryPlan) {
        var run = try QueryRun(filter, over: self)
        let count = try run.count()
        return (count, run.plan)
    }
}

/// Reading documents from the log.
extension DocumentCollection {
    /// The distance in bytes up to which two records are likely to be in one block of a cursor.
    private static let neighbourDistance = 16 << 10
    /// The number of documents up to which a page shares the blocks they were read in, 8 KiB each; in a longer page
    /// they are copied.
    private static let sharingCountMax = 64

    /// Reads the live document of an id, with when it was first stored.
    func stored(_ id: String) throws(StorageError) -> (document: Document, committedAt: Timestamp)? {
        guard let found = try find(id) else { return nil }
        return (try document(at: found.pointer), found.committedAt)
    }

    /// Reads the document of one record.
    private func document(at pointer: RecordPointer) throws(StorageError) -> Document {
        Document(try log.read(pointer))
    }

    /// Reads documents in the order of the pointers, each block of the log once.
    func documents(at pointers: [RecordPointer]) throws(StorageError) -> [Document] {
        guard let first = pointers.first, let last = pointers.last, pointers.count > 1 else {
            return try pointers.map { pointer throws(StorageError) in try document(at: pointer) }
        }
        // Most pages are in the order of the log, or in reverse order.
        var order = Array(pointers.indices)
        if last.precedes(first) { order.reverse() }
        let isSorted = zip(order, order.dropFirst()).allSatisfy { !pointers[$1].precedes(pointers[$0]) }
        if !isSorted { order.sort { pointers[$0].precedes(pointers[$1]) } }

        var documents = Array(repeating: Document(id: "", bytes: []), count: pointers.count)
        var cursor = log.cursor()
        for (step, position) in order.enumerated() {
            let pointer = pointers[position]
            let isNearPrevious = step > 0 && pointers[order[step - 1]].isNear(pointer, Self.neighbourDistance)
            let isNearNext = step + 1 < order.count && pointer.isNear(pointers[order[step + 1]], Self.neighbourDistance)
            guard isNearPrevious || isNearNext else {
                documents[position] = try document(at: pointer)
                if pointers.count > Self.sharingCountMax { documents[position].detach() }
                continue
            }
            documents[position] = Document(try cursor.line(pointer))
            if pointers.count > Self.sharingCountMax { documents[position].detach() }
        }
        return documents
    }

    /// Calls `body` with the bytes of one document, which are valid during the call.
    func withDocument(
        at pointer: RecordPointer,
        _ cursor: inout RecordCursor,
        _ body: (UnsafeRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        let line = try cursor.line(pointer)
        try line.withUnsafeBufferPointer { buffer throws(StorageError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            try body(UnsafeRawBufferPointer(rebasing: bytes[DocumentPlace.range(in: bytes)]))
        }
    }

    /// Parses a document of the collection.
    func object(of document: Document) throws(StorageError) -> JSONObject {
        do {
            if case .object(let object) = try JSON(parsing: document.bytes) { return object }
        } catch {
            // Nested deeper than the parser allows: stored by a caller that created it without parsing.
        }
        throw .corrupt(Corruption(path: "collections/\(schema.name)", reason: .malformedDocument(id: document.id)))
    }
}

extension Document {
    /// The document in a verified line.
    fileprivate init(_ line: ArraySlice<UInt8>) {
        let place = line.withUnsafeBytes { DocumentPlace($0) }
        let start = line.startIndex
        self.init(id: place.id, bytes: line[start + place.range.lowerBound..<start + place.range.upperBound])
    }

    /// Copies the bytes, to release the block they were read in.
    fileprivate mutating func detach() {
        self = Document(id: id, bytes: Array(bytes)[...])
    }
}

extension RecordPointer {
    /// Whether the record is before another in the log.
    fileprivate func precedes(_ other: RecordPointer) -> Bool {
        segment == other.segment ? offset < other.offset : segment < other.segment
    }

    /// Whether a later record begins soon after the end of this one.
    fileprivate func isNear(_ next: RecordPointer, _ distance: Int) -> Bool {
        segment == next.segment && Int(next.offset) - Int(offset) - Int(byteCount) < distance
    }
}
