/// The fields of a query string or of an `application/x-www-form-urlencoded` body, in order of arrival.
///
/// Shape:
///
///     name=my+pkg+%26+co&sender.client_id=c%2C1&flag
///
/// Both `+` and `%20` are spaces: Python's `requests` writes the first, hand-built URLs the second. A percent sign
/// without two hex digits after it is taken literally, and bytes that are not UTF-8 become U+FFFD: after a typing
/// error, a filter that matches no document is better than an ignored one. Source: the URL standard,
/// "application/x-www-form-urlencoded parsing".
package struct FormFields: Sendable {
    package let elements: [(name: String, value: String)]

    package init(parsing bytes: some Collection<UInt8>) {
        elements = bytes.split(separator: UInt8(ascii: "&")).map { pair in
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else {
                return (String(percentDecoding: pair, plusIsSpace: true), "")
            }
            return (
                String(percentDecoding: pair[..<equals], plusIsSpace: true),
                String(percentDecoding: pair[pair.index(after: equals)...], plusIsSpace: true)
            )
        }
    }

    /// The value of the first field with this name; later ones are ignored.
    package subscript(_ name: String) -> String? {
        elements.first { $0.name == name }?.value
    }
}

extension String {
    /// Decodes percent escapes, and in forms and queries (not in paths) `+` to a space.
    package init(percentDecoding bytes: some Collection<UInt8>, plusIsSpace: Bool) {
        let percent = UInt8(ascii: "%")
        let plus = UInt8(ascii: "+")
        guard bytes.contains(where: { $0 == percent || (plusIsSpace && $0 == plus) }) else {
            self = String(decoding: bytes, as: UTF8.self)
            return
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = Array(bytes)[...]
        while let byte = rest.popFirst() {
            if byte == percent, let high = rest.first?.hexDigit, let low = rest.dropFirst().first?.hexDigit {
                decoded.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(plusIsSpace && byte == plus ? UInt8(ascii: " ") : byte)
            }
        }
        self = String(decoding: decoded, as: UTF8.self)
    }
}

extension UInt8 {
    /// The value of this byte as a hexadecimal digit of either case.
    package var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
