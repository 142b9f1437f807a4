/// The header of a `.npy` file: element type, order and shape.
///
/// Shape: `\x93NUMPY`, the version (2 bytes), the length of the dictionary (2 bytes in version 1, 4 in versions 2 and
/// 3), then the dictionary in Python's syntax, padded with spaces so that the header is a multiple of 64 bytes, ended
/// by a newline:
///
///     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
///
/// Source: numpy, `numpy/lib/_format_impl.py`.
enum ArrayHeader {
    /// The longest dictionary that is accepted, in bytes; numpy has the same limit.
    static let byteCountMax = 10_000
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Reads a header; the reader's next byte is then the first element.
    ///
    /// - Throws: `.arrayHeader` if the header is malformed or unsupported.
    static func read(
        _ reader: some SequentialReader,
        member: String
    ) throws(WeightsError) -> (descriptor: ArrayDescriptor, headerByteCount: Int) {
        func take(_ count: Int) throws(WeightsError) -> [UInt8] {
            guard reader.remainingByteCount >= Int64(count) else {
                throw .arrayHeader(member: member, .truncated)
            }
            return try reader.bytes(count: count)
        }
        let start = try take(magic.count + 2)
        guard start.starts(with: magic) else { throw .arrayHeader(member: member, .magic) }
        let (major, minor) = (start[magic.count], start[magic.count + 1])
        guard (1...3).contains(major), minor == 0 else {
            throw .arrayHeader(member: member, .version(major: major, minor: minor))
        }
        let width = major == 1 ? 2 : 4
        let countBytes = try take(width)
        let count =
            width == 2
            ? Int(countBytes.littleEndian(UInt16.self, at: 0)) : Int(countBytes.littleEndian(UInt32.self, at: 0))
        guard count <= byteCountMax else {
            throw .arrayHeader(member: member, .tooLong(byteCount: count, byteCountMax: byteCountMax))
        }
        let text = try take(count)
        do throws(ArrayHeaderViolation) {
            return (try ArrayHeaderParser.parse(text), start.count + width + count)
        } catch {
            throw .arrayHeader(member: member, error)
        }
    }

    /// Returns the header that numpy would write for an array with little-endian elements.
    static func bytes(of array: ArrayDescriptor) -> [UInt8] {
        var shape = array.shape.map(String.init).joined(separator: ", ")
        if array.shape.count == 1 { shape += "," }
        let text =
            "{'descr': '\(array.elementType.byteCount == 1 ? "|" : "<")\(array.elementType.rawValue)', "
            + "'fortran_order': \(array.isFortranOrder ? "True" : "False"), 'shape': (\(shape)), }"
        // Version 1 allows 65,535 bytes; 64 dimensions need less than 2,000.
        let unpadded = magic.count + 4 + text.utf8.count + 1
        let padding = (64 - unpadded % 64) % 64
        var bytes = magic + [1, 0]
        bytes.append(littleEndian: UInt16(text.utf8.count + padding + 1))
        bytes += Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
        return bytes
    }
}
