/// Cuts bytes that arrive in pieces into lines.
///
/// It keeps what has arrived of one line, up to `byteCountMax`: the rest of a longer line is dropped as it arrives, and
/// the line is returned without its bytes. Empty lines have numbers too.
package struct LineSplitter: Sendable {
    private let byteCountMax: Int
    /// What has arrived of the line under way.
    private var held: HeldBytes
    private var number = 0

    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        held = HeldBytes(byteCountMax: byteCountMax)
    }

    /// Bytes that are kept of a line that has not ended.
    package var heldByteCount: Int { held.byteCount }

    /// Removes the next line from the front of `piece`, or all of it and returns nil where no line ends in it.
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

    /// Returns the last line, where it does not end in a newline.
    package mutating func last() -> IngestEntry? {
        held.isEmpty ? nil : take()
    }

    private mutating func take() -> IngestEntry {
        number += 1
        return IngestEntry(number: number, bytes: held.take())
    }
}
