internal import JSON
internal import SegmentLog

extension Collection {
    /// Returns the document with an id, or nil.
    ///
    /// One read of the log, verified.
    ///
    /// - Throws: ``StoreError/disk(_:)`` where the record cannot be read, ``StoreError/damaged(_:)`` where it fails its
    ///   checksum, ``StoreError/retired`` as ``list(_:)`` does.
    package func get(_ id: String) throws(StoreError) -> Document? {
        try retrying { () throws(StoreError) in
            if let found = try find(id) { return try document(at: found.pointer) }
            guard loss == nil else { throw missing(id) }
            return nil
        }
    }

    /// Returns the part of the collection a query asks for, as it was at one moment.
    ///
    /// Reads only the documents it returns when every condition, and the order, is on an indexed field. Otherwise it
    /// reads every document the indexes leave, one at a time, and keeps only places until the page is known; the
    /// page's plan tells.
    /// - Throws: ``StoreError/disk(_:)`` where a record cannot be read, ``StoreError/damaged(_:)`` where it fails its
    ///   checksum; ``StoreError/retired`` where segments were rewritten or dropped under it time and again.
    package func list(_ query: Query) throws(StoreError) -> Page {
        try retrying { () throws(StoreError) in
            var run = try QueryRun(query.filter, over: self)
            return try run.page(query)
        }
    }

    /// Returns how many documents pass a filter.
    ///
    /// Reads none of them when every condition is on an indexed field.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func count(_ filter: Filter) throws(StoreError) -> Int {
        try counted(filter).count
    }

    /// Returns how many documents pass a filter, and how that was found.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func counted(_ filter: Filter) throws(StoreError) -> (count: Int, plan: QueryPlan) {
        try retrying { () throws(StoreError) in
            var run = try QueryRun(filter, over: self)
            let count = try run.count()
            return (count, run.plan)
        }
    }
}

/// Reading documents from the log.
extension Collection {
    /// Bytes between two records up to which both are likely to be in one block of a cursor.
    private static let neighbourDistance = 16 << 10
    /// Documents of a page that may share the blocks they were read in, 8 KiB each; those of a longer one are copied.
    private static let sharingCountMax = 64

    /// Reads the document of one record.
    func document(at pointer: RecordPointer) throws(StoreError) -> Document {
        let line: ArraySlice<UInt8>
        do { line = try log.read(pointer) } catch { throw StoreError(error) }
        return Document(line)
    }

    /// Reads documents in the order of the pointers, each block of the log once.
    func documents(at pointers: [RecordPointer]) throws(StoreError) -> [Document] {
        guard let first = pointers.first, let last = pointers.last, pointers.count > 1 else {
            return try pointers.map { pointer throws(StoreError) in try document(at: pointer) }
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
            documents[position] = Document(try line(at: pointer, &cursor))
            if pointers.count > Self.sharingCountMax { documents[position].detach() }
        }
        return documents
    }

    /// Calls `body` with the bytes of one document, which are gone after the call.
    func withDocument(
        at pointer: RecordPointer,
        _ cursor: inout RecordCursor,
        _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        let line = try line(at: pointer, &cursor)
        try line.withUnsafeBufferPointer { buffer throws(StoreError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            try body(UnsafeRawBufferPointer(rebasing: bytes[DocumentPlace.range(in: bytes)]))
        }
    }

    /// Reads the document of one record and parses it.
    func object(at pointer: RecordPointer) throws(StoreError) -> JSONObject {
        let document = try document(at: pointer)
        do {
            if case .object(let object) = try JSON(parsing: document.bytes) { return object }
        } catch {
            // Nested deeper than the parser goes: stored by a caller that made it without parsing.
        }
        throw .corrupt(path: "collections/\(schema.name)", reason: "document \(document.id) cannot be parsed")
    }

    private func line(at pointer: RecordPointer, _ cursor: inout RecordCursor) throws(StoreError) -> ArraySlice<UInt8> {
        do { return try cursor.line(pointer) } catch { throw StoreError(error) }
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
