extension JSONParser {
    /// Parses and decodes a string.
    ///
    /// A string without escapes, the usual case, is copied in one step.
    ///
    /// - Precondition: the next byte is a quote.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        try skipPlainText()
        if peek == UInt8(ascii: "\"") {
            defer { position += 1 }
            return text(from: start)
        }
        var decoded = Array(bytes[start..<position])
        while skip(UInt8(ascii: "\\")) {
            try decodeEscape(to: &decoded)
            let runStart = position
            try skipPlainText()
            decoded.append(contentsOf: bytes[runStart..<position])
        }
        guard skip(UInt8(ascii: "\"")) else { throw unexpected() }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Returns the text from `start` to the current position, which ``skipPlainText()`` verified to be UTF-8.
    private func text(from start: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    }

    /// Skips text up to a quote or a backslash and verifies it.
    private mutating func skipPlainText() throws(JSONError) {
        while true {
            skipRegularText()
            guard let byte = peek else { throw unexpected() }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0..<0x20: throw unexpected()
            case 0x20..<0x80: position += 1
            default: try skipMultibyteScalar(lead: byte)
            }
        }
    }

    /// Skips ASCII text, eight bytes at a time.
    private mutating func skipRegularText() {
        while position + ByteWord.byteCount <= bytes.count {
            let marks = ByteWord(bytes, at: position).irregularText
            guard marks == 0 else {
                position += ByteWord.offset(ofFirst: marks)
                return
            }
            position += ByteWord.byteCount
        }
    }

    /// Skips a Unicode scalar of two to four bytes.
    ///
    /// The range of the second byte excludes overlong forms, surrogates and scalars above U+10FFFF.
    /// Source: RFC 3629, section 4.
    private mutating func skipMultibyteScalar(lead: UInt8) throws(JSONError) {
        let start = position
        let (byteCount, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xc2...0xdf: (2, 0x80...0xbf)
            case 0xe0: (3, 0xa0...0xbf)
            case 0xed: (3, 0x80...0x9f)
            case 0xe1...0xef: (3, 0x80...0xbf)
            case 0xf0: (4, 0x90...0xbf)
            case 0xf1...0xf3: (4, 0x80...0xbf)
            case 0xf4: (4, 0x80...0x8f)
            default: throw .invalidUTF8(offset: start)
            }
        position += 1
        guard let byte = peek, second.contains(byte) else { throw .invalidUTF8(offset: start) }
        for _ in 1..<byteCount {
            guard let byte = peek, byte & 0xc0 == 0x80 else { throw .invalidUTF8(offset: start) }
            position += 1
        }
    }

    /// Decodes the escape after a backslash: one of eight characters, or `u` and four digits.
    private mutating func decodeEscape(to output: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw unexpected() }
        let decoded: UInt8 =
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
            case UInt8(ascii: "b"): 0x08
            case UInt8(ascii: "f"): 0x0c
            case UInt8(ascii: "n"): 0x0a
            case UInt8(ascii: "r"): 0x0d
            case UInt8(ascii: "t"): 0x09
            case UInt8(ascii: "u"): 0
            default: throw unexpected()
            }
        position += 1
        guard byte == UInt8(ascii: "u") else { return output.append(decoded) }
        output.append(contentsOf: UTF8.encode(try escapedScalar()) ?? UTF8.encodedReplacementCharacter)
    }

    /// Parses the digits of a `\u` escape and, for a surrogate pair, the second escape.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let start = position - 2
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw .loneSurrogate(offset: start)
        }
        let second = try fourHexDigits()
        guard 0xdc00..<0xe000 ~= second, let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + second - 0xdc00)
        else { throw .loneSurrogate(offset: start) }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek.flatMap(Self.hexDigit) else { throw unexpected() }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
