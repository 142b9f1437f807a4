/// One line of many.
package struct NumberedLine: Sendable {
    /// From 1 on; empty lines count.
    package let number: Int
    /// Without the newline; nil where it is longer than may be kept.
    package let bytes: ArraySlice<UInt8>?

    /// Whether there is nothing on it but spaces, which is no document.
    package var isBlank: Bool {
        bytes?.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 } ?? false
    }
}

/// Cuts bytes that arrive in pieces into lines.
///
/// It keeps what has arrived of one line, and no more of that than `byteCountMax`: of a longer line the rest is
/// dropped as it comes, and the line is handed out without its bytes.
package struct LineSplitter: Sendable {
    private let byteCountMax: Int
    /// What has arrived of the line under way.
    private var held: HeldBytes
    private var number = 0

    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        held = HeldBytes(byteCountMax: byteCountMax)
    }

    /// How much of a line is kept that has not ended.
    package var heldByteCount: Int { held.byteCount }

    /// Takes the next line off the front of `piece`, or all of it and returns nil where no line ends in it.
    package mutating func next(from piece: inout ArraySlice<UInt8>) -> NumberedLine? {
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
        return NumberedLine(number: number, bytes: rest)
    }

    /// Returns the line that no newline ended, where there is one.
    package mutating func last() -> NumberedLine? {
        held.isEmpty ? nil : take()
    }

    private mutating func take() -> NumberedLine {
        number += 1
        return NumberedLine(number: number, bytes: held.take())
    }
}
