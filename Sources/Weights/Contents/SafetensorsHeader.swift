internal import JSON

/// The header of a safetensors file, which describes its arrays.
///
/// Shape: the length of the header (8 bytes, little-endian), then a JSON object from the name of each array to
/// `{"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}`; `__metadata__` is no array.
/// Source: the documentation of safetensors, "Format".
enum SafetensorsHeader {
    /// The longest header that is read, in bytes; the format allows 100 MB.
    static let byteCountMax = 16 << 20
    private static let lengthByteCount = 8
    private static let metadataKey = "__metadata__"

    /// numpy's names of the types; a type without one is listed as the file calls it, in lower case.
    private static let names = [
        "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
        "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
    ]

    /// Whether a file of `byteCount` bytes that begins with these nine is in this format.
    static func begins(_ start: [UInt8], _ byteCount: Int64) -> Bool {
        guard start.count > lengthByteCount, start[lengthByteCount] == UInt8(ascii: "{") else { return false }
        let length: UInt64 = start.littleEndian(at: 0)
        return length >= 2 && length <= UInt64(byteCount) - UInt64(lengthByteCount)
    }

    /// Describes all arrays in the order of the header.
    ///
    /// - Throws: `.header` if the header is malformed or longer than ``byteCountMax``.
    static func arrays(of source: any ByteSource) throws(WeightsError) -> [ModelContents.NamedArray] {
        let length: UInt64 = try source.bytes(at: 0, count: lengthByteCount).littleEndian(at: 0)
        guard length <= UInt64(byteCountMax) else { throw .header }
        let bytes = try source.bytes(at: Int64(lengthByteCount), count: Int(length))
        guard let header = (try? JSON(parsing: bytes))?.object else { throw .header }
        var arrays: [ModelContents.NamedArray] = []
        for (name, array) in header where name != metadataKey {
            guard let type = array["dtype"]?.string, let lengths = array["shape"]?.array else { throw .header }
            let shape = lengths.compactMap { length in length.int.flatMap { $0 >= 0 ? Int($0) : nil } }
            guard shape.count == lengths.count else { throw .header }
            arrays.append(ModelContents.NamedArray(name, names[type] ?? type.lowercased(), shape))
        }
        return arrays
    }
}
