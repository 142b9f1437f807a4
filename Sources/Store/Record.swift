internal import Index
internal import JSON
internal import SegmentLog

/// A record of a collection's log, parsed from its line.
///
/// Shape: the members between those the log writes itself; the document comes last, contiguous:
///
///     "op":"put","id":"a1","doc":{"client_id":"a1","committed_at":"…","updated_at":"…"}
///     "op":"delete","id":"a1"
///
/// Source: docs/FORMAT.md, "Records".
package struct Record {
    package let id: String
    /// The range of the document in the bytes of the record; nil for a tombstone.
    package let document: Range<Int>?

    /// Parses a verified line; nil if it is not one that a collection writes.
    ///
    /// `document` counts from the first byte of `line`.
    package init?(_ line: UnsafeRawBufferPointer) {
        var operation: String?
        var id: String?
        var document: Range<Int>?
        JSONScanner.topLevelMembers(of: line) { key, value in
            guard let name = key.text else { return }
            if name.elementsEqual("op".utf8) { operation = value.string }
            if name.elementsEqual("id".utf8) { id = value.string }
            if name.elementsEqual("doc".utf8), value.kind == .object { document = value.range }
        }
        guard let id else { return nil }
        switch (operation, document) {
        case ("put", let range?): document = range
        case ("delete", nil): break
        default: return nil
        }
        self.id = id
        self.document = document
    }

    /// Appends the members of a tombstone.
    static func writeDelete(_ id: String, to output: inout [UInt8]) {
        output.append(contentsOf: #""op":"delete","id":"#.utf8)
        JSON.write(id, to: &output)
    }
}

/// A document to be appended, without its time, which the log sets.
struct Draft: Sendable {
    let id: String
    /// The members of the record up to the stamps of the document.
    private let opening: [UInt8]
    /// The start of the document in `opening`.
    private let documentOffset: Int
    /// The time at which the document was first stored; nil for the time of the append.
    private let committedAt: Timestamp?
    /// The time at which the document was last changed; nil for the time of the append.
    private let updatedAt: Timestamp?

    /// Prepares `object`; its own time stamps are left out.
    init(_ object: JSONObject, id: String, committedAt: Timestamp?, updatedAt: Timestamp? = nil) {
        var object = object
        object[Stamp.committedAt] = nil
        object[Stamp.updatedAt] = nil
        var opening = Array(#""op":"put","id":"#.utf8)
        JSON.write(id, to: &opening)
        opening.append(contentsOf: #","doc":"#.utf8)
        documentOffset = opening.count
        object.write(to: &opening)
        opening.removeLast()
        self.id = id
        self.opening = opening
        self.committedAt = committedAt
        self.updatedAt = updatedAt
    }

    /// The length of the record's members in bytes.
    var byteCount: Int { opening.count + Self.closingByteCount }

    private static let closingByteCount = #","committed_at":"","updated_at":""}"#.utf8.count + 2 * Timestamp.byteCount

    /// Appends the members of the record, with the time stamps of an append at `moment`.
    func write(at moment: Timestamp, to output: inout [UInt8]) {
        output.append(contentsOf: opening)
        writeClosing(at: moment, to: &output)
    }

    /// Returns the document as stored by an append at `moment`.
    func document(at moment: Timestamp) -> Document {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(opening.count - documentOffset + 100)
        bytes.append(contentsOf: opening[documentOffset...])
        writeClosing(at: moment, to: &bytes)
        return Document(id: id, bytes: bytes[...])
    }

    private func writeClosing(at moment: Timestamp, to output: inout [UInt8]) {
        output.append(contentsOf: #","committed_at":""#.utf8)
        (committedAt ?? moment).write(to: &output)
        output.append(contentsOf: #"","updated_at":""#.utf8)
        (updatedAt ?? moment).write(to: &output)
        output.append(contentsOf: "\"}".utf8)
    }
}
