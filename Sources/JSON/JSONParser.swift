/// A recursive-descent JSON parser with one function for each rule of the grammar.
///
/// It recurses into arrays and objects up to `depthMax` and stops at the first invalid byte. It accepts no extensions
/// of the grammar.
/// Source: RFC 8259, sections 2 to 8.
struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    private let depthMax: Int
    private var depth = 0

    init(_ bytes: UnsafeRawBufferPointer, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    /// UTF-8's byte order mark, which editors of Windows and PowerShell write.
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Parses the whole text: one value, optionally surrounded by white space and after a byte order mark.
    mutating func document() throws(JSONError) -> JSON {
        if bytes.starts(with: Self.byteOrderMark) { position = Self.byteOrderMark.count }
        skipSpace()
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw .trailingBytes(offset: position) }
        return value
    }

    /// - Precondition: white space before the value was skipped.
    private mutating func value() throws(JSONError) -> JSON {
        guard let first = peek else { throw unexpected() }
        switch first {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw unexpected()
        }
    }

    /// - Precondition: the next byte opens an object.
    private mutating func object() throws(JSONError) -> JSONObject {
        try enter()
        var object = JSONObject()
        skipSpace()
        if skip(UInt8(ascii: "}")) { return leave(object) }
        while true {
            let keyOffset = position
            guard peek == UInt8(ascii: "\"") else { throw unexpected() }
            let key = try string()
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw unexpected() }
            skipSpace()
            let value = try value()
            guard object.append(key, value) else { throw .duplicateKey(key, offset: keyOffset) }
            skipSpace()
            if skip(UInt8(ascii: "}")) { return leave(object) }
            guard skip(UInt8(ascii: ",")) else { throw unexpected() }
            skipSpace()
        }
    }

    /// - Precondition: the next byte opens an array.
    private mutating func array() throws(JSONError) -> [JSON] {
        try enter()
        var values: [JSON] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return leave(values) }
        while true {
            values.append(try value())
            skipSpace()
            if skip(UInt8(ascii: "]")) { return leave(values) }
            guard skip(UInt8(ascii: ",")) else { throw unexpected() }
            skipSpace()
        }
    }

    /// Parses a number and keeps its text, because a double would lose digits of a large integer.
    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = position
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        if skip(UInt8(ascii: ".")) { try digits() }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        return JSONNumber(uncheckedText: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// Skips one or more digits.
    private mutating func digits() throws(JSONError) {
        guard let first = peek, first.isDigit else { throw unexpected() }
        while let byte = peek, byte.isDigit { position += 1 }
    }

    /// Parses `true`, `false` or `null` letter by letter, so that the error has the offset of the first wrong letter.
    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for offset in 0..<word.utf8CodeUnitCount {
            guard skip(word.utf8Start[offset]) else { throw unexpected() }
        }
        return value
    }

    /// Skips an opening bracket and checks the nesting depth.
    private mutating func enter() throws(JSONError) {
        guard depth < depthMax else { throw .tooDeep(offset: position) }
        depth += 1
        position += 1
    }

    private mutating func leave<Value>(_ value: Value) -> Value {
        depth -= 1
        return value
    }
}

extension JSONParser {
    /// The next byte, or nil at the end.
    ///
    /// Every read goes through this property, so none is out of bounds.
    var peek: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Skips `byte`; returns false if another byte is next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    mutating func skipSpace() {
        while let byte = peek, byte.isJSONSpace { position += 1 }
    }

    /// Returns the error for an unexpected byte or an unexpected end.
    func unexpected() -> JSONError {
        guard position < bytes.count else { return .unexpectedEnd(offset: position) }
        return .unexpectedByte(offset: position, JSONMistake(in: bytes, at: position))
    }
}

extension UInt8 {
    var isDigit: Bool { self &- UInt8(ascii: "0") <= 9 }

    var isJSONSpace: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\n") || self == UInt8(ascii: "\t")
            || self == UInt8(ascii: "\r")
    }
}
