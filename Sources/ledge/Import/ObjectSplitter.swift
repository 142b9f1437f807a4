internal import Federation

/// Splits JSON objects that follow one another, each on any number of lines, as `mongoexport --pretty` and `jq` write
/// them.
///
/// It keeps the bytes of one object, up to `byteCountMax`; objects are not parsed here. White space, commas and record
/// separators (RFC 7464) between objects are skipped.
struct ObjectSplitter {
    /// Precedes each text of RFC 7464.
    static let recordSeparator: UInt8 = 0x1E

    private var nesting = Nesting()
    private var held: HeldBytes
    private var number = 0

    init(byteCountMax: Int) {
        held = HeldBytes(byteCountMax: byteCountMax)
    }

    /// Whether a text begins with an object that continues on the next line.
    static func isExpected(in text: ArraySlice<UInt8>) -> Bool {
        let text = text.drop(while: isSeparator)
        guard text.first == UInt8(ascii: "{"), let end = text.firstIndex(of: UInt8(ascii: "\n")) else { return false }
        var nesting = Nesting()
        for byte in text[..<end] { nesting.advance(byte) }
        guard nesting.depth > 0, !nesting.isInString, let next = text[(end + 1)...].first else { return false }
        return next.isSpace || next == UInt8(ascii: "\"") || next == UInt8(ascii: "}")
    }

    /// Removes the next object from the start of `piece` and returns it; nil if no object ends in `piece`.
    mutating func next(from piece: inout ArraySlice<UInt8>) -> IngestEntry? {
        if held.isEmpty { piece = piece.drop(while: Self.isSeparator) }
        for position in piece.indices {
            nesting.advance(piece[position])
            let isEnd =
                nesting.depth == 0 && (piece[position] == UInt8(ascii: "}") || piece[position] == UInt8(ascii: "\n"))
            guard isEnd, !nesting.isInString else { continue }
            held.append(piece[...position])
            piece = piece[(position + 1)...]
            return take()
        }
        held.append(piece)
        piece = []
        return nil
    }

    /// Returns the rest of the file if it is not an object.
    mutating func last() -> IngestEntry? {
        held.isEmpty ? nil : take()
    }

    private mutating func take() -> IngestEntry {
        number += 1
        nesting = Nesting()
        return IngestEntry(number: number, bytes: held.take())
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte.isSpace || byte == UInt8(ascii: ",") || byte == recordSeparator
    }
}
