/// Bytes that are not JSON, or exceed a limit of Ledge, and the offset of the error.
package enum JSONError: Error, Sendable, Hashable {
    /// The grammar does not allow this byte here; the mistake is nil if it is not a frequent one.
    case unexpectedByte(offset: Int, JSONMistake?)
    /// The bytes end inside a value; the offset is their count.
    case unexpectedEnd(offset: Int)
    /// A value is followed by more than white space.
    case trailingBytes(offset: Int)
    /// A string is not UTF-8 (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF).
    case invalidUTF8(offset: Int)
    /// A `\u` escape is one half of a surrogate pair without the other.
    case loneSurrogate(offset: Int)
    /// An object has a duplicate key, which JSON readers interpret differently.
    case duplicateKey(String, offset: Int)
    /// Arrays and objects are nested deeper than ``JSONLimits/depthMax``.
    case tooDeep(offset: Int)
    /// There are more bytes than ``JSONLimits/byteCountMax``; they were not parsed.
    case tooLong(byteCount: Int)

    /// The offset of the error, from 0.
    package var offset: Int {
        switch self {
        case .unexpectedByte(let offset, _), .unexpectedEnd(let offset), .trailingBytes(let offset),
            .invalidUTF8(let offset), .loneSurrogate(let offset), .duplicateKey(_, let offset), .tooDeep(let offset):
            offset
        case .tooLong:
            0
        }
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String { message }

    /// What clients and operators read.
    package var message: String {
        switch self {
        case .unexpectedByte(let offset, let mistake):
            "Broken JSON: unexpected character at byte \(offset)" + (mistake.map { "; \($0.remedy)" } ?? "")
        case .unexpectedEnd(let offset): "Broken JSON: it ends unfinished at byte \(offset)"
        case .trailingBytes(let offset): "Broken JSON: more follows after the value, at byte \(offset)"
        case .invalidUTF8(let offset): "Broken JSON: not UTF-8 at byte \(offset)"
        case .loneSurrogate(let offset): "Broken JSON: half a surrogate pair at byte \(offset)"
        case .duplicateKey(let key, let offset): "Broken JSON: key '\(key)' comes twice, at byte \(offset)"
        case .tooDeep(let offset): "Broken JSON: nested too deep at byte \(offset)"
        case .tooLong(let byteCount): "The JSON is too long: \(byteCount) bytes"
        }
    }
}

/// Limits of the parser for bytes from untrusted clients.
package struct JSONLimits: Sendable, Hashable {
    package static let `default` = JSONLimits()

    /// The maximum nesting depth of arrays and objects.
    ///
    /// The parser recurses, so this limits its use of stack.
    package var depthMax: Int
    package var byteCountMax: Int

    package init(depthMax: Int = 64, byteCountMax: Int = 16 << 20) {
        self.depthMax = depthMax
        self.byteCountMax = byteCountMax
    }
}
