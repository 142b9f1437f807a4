/// Reads one JSON document from left to right, one function for each rule of the grammar.
///
/// It recurses into arrays and objects, at most `depthMax` deep, and stops at the first byte that cannot stand where it
/// does. It takes no shortcuts for sloppy writers: what it accepts, every other JSON reader accepts too.
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

    /// The whole text: one value, and nothing but white space beside it.
    mutating func document() throws(JSONError) -> JSON {
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

    /// A number, kept as text: a double would lose digits of a large integer.
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

    /// One digit or more.
    private mutating func digits() throws(JSONError) {
        guard let first = peek, first.isDigit else { throw unexpected() }
        while let byte = peek, byte.isDigit { position += 1 }
    }

    /// One of the three words, letter by letter, so that the error names the first wrong one.
    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for offset in 0..<word.utf8CodeUnitCount {
            guard skip(word.utf8Start[offset]) else { throw unexpected() }
        }
        return value
    }

    /// Steps over an opening bracket, if it is not one too many.
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
    /// Every read goes through here, so none leaves the bytes.
    var peek: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Steps over `byte`, or returns false where another one stands.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    mutating func skipSpace() {
        while let byte = peek, byte.isJSONSpace { position += 1 }
    }

    /// The error for a byte, or an end, that cannot stand here.
    func unexpected() -> JSONError {
        position < bytes.count ? .unexpectedByte(offset: position) : .unexpectedEnd(offset: position)
    }
}

extension UInt8 {
    var isDigit: Bool { self &- UInt8(ascii: "0") <= 9 }

    var isJSONSpace: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\n") || self == UInt8(ascii: "\t")
            || self == UInt8(ascii: "\r")
    }
}
