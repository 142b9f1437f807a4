/// Splits bytes that arrive in pieces into lines.
///
/// It keeps at most `byteCountMax` bytes of an incomplete line: a longer line is dropped as it arrives, and returned
/// without its bytes. Empty lines are numbered too.
package struct LineSplitter: Sendable {
    private let byteCountMax: Int
    /// The bytes of the incomplete line.
    private var held: HeldBytes
    private var number = 0

    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        held = HeldBytes(byteCountMax: byteCountMax)
    }

    /// How many bytes of the incomplete line are kept.
    package var heldByteCount: Int { held.byteCount }

    /// Removes the next line from the front of `piece`; if no line ends in it, removes all of it and returns nil.
    package mutating func next(from piece: inout ArraySlice<UInt8>) -> IngestEntry? {
        guard let end = piece.firstIndex(of: UInt8(ascii: "\n")) else {
            held.append(piece)
            piece = []
            return nil
        }
        let rest = piece[..<end]
        piece = piece[(end + 1)...]
        guard held.isEmpty, rest.count <= byteCountMax else {
            held.append(rest)
            return take()
        }
        number += 1
        return IngestEntry(number: number, bytes: rest)
    }

    /// Returns the last line if it does not end in a newline.
    package mutating func last() -> IngestEntry? {
        held.isEmpty ? nil : take()
    }

    private mutating func take() -> IngestEntry {
        number += 1
        return IngestEntry(number: number, bytes: held.take())
    }
}
