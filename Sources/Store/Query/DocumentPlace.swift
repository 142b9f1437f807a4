internal import Glibc
internal import JSON

/// The places of the id and the document in a verified line of a collection's log.
///
/// The members before and after them have known lengths, so the document is found without scanning it:
///
///     {"seq":7,"batch":7,"at":"27 bytes","op":"put","id":"a1","doc":{…,"updated_at":"27 bytes"},"xxh3":"16 bytes"}
///
/// Other lines, for example with escapes in the id, are scanned, as by ``Record``. Source: docs/FORMAT.md, "Records".
struct DocumentPlace {
    let id: String
    let range: Range<Int>

    /// Returns nil if the line does not have the usual shape.
    init?(found line: UnsafeRawBufferPointer) {
        guard let (id, range) = Self.find(in: line) else { return nil }
        self.id = String(decoding: UnsafeRawBufferPointer(rebasing: line[id]), as: UTF8.self)
        self.range = range
    }

    /// - Precondition: The line is the record of a document: an index points to it.
    init(_ line: UnsafeRawBufferPointer) {
        if let place = Self(found: line) {
            self = place
        } else {
            let record = Record(line)
            guard let record, let range = record.document else { preconditionFailure("the index points to a document") }
            id = record.id
            self.range = range
        }
    }

    /// The document alone.
    ///
    /// - Precondition: As for ``init(_:)``.
    static func range(in line: UnsafeRawBufferPointer) -> Range<Int> {
        find(in: line)?.document ?? DocumentPlace(line).range
    }

    private static let atKey: StaticString = #","at":""#
    private static let putKey: StaticString = #"","op":"put","id":""#
    private static let documentKey: StaticString = #"","doc":{"#
    private static let updatedKey: StaticString = #","updated_at":""#
    private static let documentEnd: StaticString = "\"}"

    private static func find(in line: UnsafeRawBufferPointer) -> (id: Range<Int>, document: Range<Int>)? {
        // `at` is after two numbers of at most 19 digits.
        let end = line.count - CheckedLine.trailerByteCount
        guard let at = (17..<56).first(where: { isText(atKey, at: $0, in: line) }) else { return nil }
        var position = at + atKey.utf8CodeUnitCount + Timestamp.byteCount
        guard isText(putKey, at: position, in: line) else { return nil }
        position += putKey.utf8CodeUnitCount
        guard let start = line.baseAddress, let quote = memchr(start + position, 0x22, line.count - position) else {
            return nil
        }
        let id = position..<UnsafeRawPointer(quote) - start
        guard memchr(start + id.lowerBound, 0x5c, id.count) == nil, isText(documentKey, at: id.upperBound, in: line)
        else { return nil }
        let document = id.upperBound + documentKey.utf8CodeUnitCount - 1..<end
        let closing = documentEnd.utf8CodeUnitCount
        let stamp = end - closing - Timestamp.byteCount - updatedKey.utf8CodeUnitCount
        guard document.lowerBound < stamp, isText(updatedKey, at: stamp, in: line),
            isText(documentEnd, at: end - closing, in: line)
        else { return nil }
        return (id, document)
    }

    private static func isText(_ text: StaticString, at position: Int, in line: UnsafeRawBufferPointer) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position >= 0, line.count - position >= count, let start = line.baseAddress else { return false }
        return memcmp(start + position, text.utf8Start, count) == 0
    }
}
