package import Disk
package import Index
internal import JSON
internal import SegmentLog

extension DocumentCollection {
    /// Returns the document with an id, or nil.
    ///
    /// One read of the log, verified.
    ///
    /// - Throws: ``StoreError/possiblySuperseded(_:)`` where records are lost that may have stored or changed it;
    ///   ``StoreError/storage(_:)`` as ``list(_:)`` does.
    package func get(_ id: String) throws(StoreError) -> Document? {
        if let found = try StoreError.wrap(retrying(stored(id))) { return found.document }
        guard loss == nil else { throw missing(id) }
        return nil
    }

    /// Returns the part of the collection a query asks for, as it was at one moment.
    ///
    /// Reads only the documents it returns when every condition, and the order, is on an indexed field. Otherwise it
    /// reads every document the indexes leave, one at a time, and keeps only places until the page is known; the
    /// page's plan tells.
    /// - Throws: ``StorageError/disk(_:)`` where a record cannot be read, ``StorageError/corrupt(_:)`` where it fails its
    ///   checksum; ``StorageError/retired`` where segments were rewritten or dropped under it time and again.
    package func list(_ query: Query) throws(StorageError) -> Page {
        try retrying(page(query))
    }

    private func page(_ query: Query) throws(StorageError) -> Page {
        var run = try QueryRun(query.filter, over: self)
        return try run.page(query)
    }

    /// Returns how many documents pass a filter.
    ///
    /// Reads none of them when every condition is on an indexed field.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func count(_ filter: Filter) throws(StorageError) -> Int {
        try counted(filter).count
    }

    /// Returns how many documents pass a filter, and how that was found.
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
    /// Bytes between two records up to which both are likely to be in one block of a cursor.
    private static let neighbourDistance = 16 << 10
    /// Documents of a page that may share the blocks they were read in, 8 KiB each; those of a longer one are copied.
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
        // Most pages are in the order of the log, or in reverse.
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

    /// Calls `body` with the bytes of one document, which are gone after the call.
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
            // Nested deeper than the parser goes: stored by a caller that made it without parsing.
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

    /// Lets go of the block it was read in.
    fileprivate mutating func detach() {
        self = Document(id: id, bytes: Array(bytes)[...])
    }
}

extension RecordPointer {
    /// Whether the record stands before another in the log.
    fileprivate func precedes(_ other: RecordPointer) -> Bool {
        segment == other.segment ? offset < other.offset : segment < other.segment
    }

    /// Whether a record that does not stand before this one begins soon after its end.
    fileprivate func isNear(_ next: RecordPointer, _ distance: Int) -> Bool {
        segment == next.segment && Int(next.offset) - Int(offset) - Int(byteCount) < distance
    }
}
