internal import JSON
internal import SegmentLog

extension Collection {
    /// Returns the document with an id, or nil.
    ///
    /// One read of the log, verified.
    ///
    /// - Throws: ``StoreError/disk(_:)`` where the record cannot be read, ``StoreError/damaged(_:)`` where it fails its checksum.
    package func get(_ id: String) throws(StoreError) -> Document? {
        guard let found = index.find(id) else { return nil }
        return try document(at: found.pointer)
    }

    /// Returns the part of the collection a query asks for, as it was at one moment.
    ///
    /// Reads only the documents it returns when every condition, and the order, is on an indexed field. Otherwise it
    /// reads every document the indexes leave, one at a time, and keeps only places until the page is known.
    /// - Throws: ``StoreError/disk(_:)`` where a record cannot be read, ``StoreError/damaged(_:)`` where it fails its checksum.
    package func list(_ query: Query) throws(StoreError) -> Page {
        var run = QueryRun(query.filter, over: self)
        return try run.page(query)
    }

    /// Returns how many documents pass a filter.
    ///
    /// Reads none of them when every condition is on an indexed field.
    ///
    /// - Throws: ``StoreError/disk(_:)`` where a record cannot be read, ``StoreError/damaged(_:)`` where it fails its checksum.
    package func count(_ filter: Filter) throws(StoreError) -> Int {
        var run = QueryRun(filter, over: self)
        return try run.count()
    }

    /// Reads the document of one record.
    func document(at pointer: RecordPointer) throws(StoreError) -> Document {
        let line: [UInt8]
        do { line = try log.read(pointer) } catch { throw StoreError(error) }
        let record = line.withUnsafeBytes { Record($0) }
        guard let record, let range = record.document else {
            preconditionFailure("the index points to a document")
        }
        return Document(id: record.id, bytes: line[range])
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
}
