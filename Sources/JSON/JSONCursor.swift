internal import Glibc

/// A position in bytes that are expected to be JSON, which skips whole values without decoding them.
struct JSONCursor {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next byte, or nil at the end.
    ///
    /// Every read goes through this property, so none is out of bounds.
    var peek: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Skips an opening bracket; false if another byte is next, or if the closing bracket follows.
    mutating func enter(_ bracket: UInt8) -> Bool {
        skipSpace()
        guard peek == bracket else { return false }
        position += 1
        skipSpace()
        // In ASCII, `}` is two after `{` and `]` is two after `[`.
        return peek != bracket + 2
    }

    /// Skips a comma; false at the end of the array or object.
    mutating func separator() -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: ",") else { return false }
        position += 1
        skipSpace()
        return true
    }

    /// Skips a key and its colon, and returns the key.
    mutating func key() -> JSONSpan? {
        guard peek == UInt8(ascii: "\""), let key = value() else { return nil }
        skipSpace()
        guard peek == UInt8(ascii: ":") else { return nil }
        position += 1
        skipSpace()
        return key
    }

    /// Skips the members of an object up to the value of `name`; false if there is none.
    mutating func find(_ name: UnsafeRawBufferPointer) -> Bool {
        while let key = key() {
            if key.isText(name) { return true }
            guard value() != nil, separator() else { return false }
        }
        return false
    }

    /// Skips a value and returns it; nil if the next bytes are not a value or it is incomplete.
    ///
    /// The kind follows from the first byte, and the rest is only searched for the end of the value. So `trux` is
    /// reported as a bool; decoding the span then fails.
    mutating func value() -> JSONSpan? {
        guard let first = peek else { return nil }
        let start = position
        var hasEscapes = false
        let kind: JSONSpan.Kind
        switch first {
        case UInt8(ascii: "\""):
            kind = .string
            guard let found = skipString() else { return nil }
            hasEscapes = found
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            kind = first == UInt8(ascii: "{") ? .object : .array
            guard skipBrackets() else { return nil }
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            kind = .bool
            skipScalar()
        case UInt8(ascii: "n"):
            kind = .null
            skipScalar()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            kind = .number
            skipScalar()
        default:
            return nil
        }
        let found = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        return JSONSpan(kind: kind, bytes: found, offset: start, hasEscapes: hasEscapes)
    }

    /// Skips a string and returns whether it has escapes; nil if it is incomplete.
    private mutating func skipString() -> Bool? {
        var hasEscapes = false
        position += 1
        while true {
            skipText()
            guard let byte = peek else { return nil }
            position += 1
            if byte == UInt8(ascii: "\"") { return hasEscapes }
            hasEscapes = true
            guard position < bytes.count else { return nil }
            position += 1
        }
    }

    /// Skips text up to a quote, a backslash or the end.
    private mutating func skipText() {
        while position + ByteWord.byteCount <= bytes.count {
            let ends = ByteWord(bytes, at: position).endsOfText
            guard ends == 0 else {
                position += ByteWord.offset(ofFirst: ends)
                return
            }
            position += ByteWord.byteCount
        }
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
    }

    /// Skips an array or object by counting brackets outside of strings; false if they are unbalanced.
    ///
    /// It does not recurse, so a million nested brackets take time but no stack.
    private mutating func skipBrackets() -> Bool {
        var depth = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                guard skipString() != nil else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return true }
        }
        return false
    }

    /// Skips a number or a word, up to a comma, a closing bracket or white space.
    private mutating func skipScalar() {
        while let byte = peek {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): return
            default:
                if byte.isJSONSpace { return }
                position += 1
            }
        }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte.isJSONSpace { position += 1 }
    }
}

extension JSONSpan {
    /// Whether the decoded string equals `other`.
    func isText(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let text else { return string.map { $0.utf8.elementsEqual(other) } ?? false }
        guard text.count == other.count else { return false }
        guard let left = text.baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, text.count) == 0
    }
}
