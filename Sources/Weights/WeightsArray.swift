/// An array in memory, for models that are small: what a participant trains on, or a test compares.
package struct WeightsArray: Sendable, Hashable {
    package let descriptor: ArrayDescriptor
    /// The elements in the order and byte order that the descriptor says.
    package let bytes: [UInt8]

    /// - Precondition: there are as many bytes as the descriptor says.
    package init(_ descriptor: ArrayDescriptor, bytes: [UInt8]) {
        precondition(Int64(bytes.count) == descriptor.byteCount, "the bytes are those of the array")
        self.descriptor = descriptor
        self.bytes = bytes
    }

    /// An array of 32-bit floats, last index fastest.
    ///
    /// - Precondition: there are as many as the shape says.
    package init(_ values: [Float], shape: [Int]) {
        guard let descriptor = ArrayDescriptor(.float32, shape: shape) else {
            preconditionFailure("an array fits into memory")
        }
        self.init(descriptor, bytes: values.withUnsafeBytes { Array($0) })
    }

    /// The elements as 64-bit floats, in the order of the file; truth values as 0 and 1.
    package var values: [Double] {
        let type = descriptor.elementType
        let width = type.byteCount
        return stride(from: 0, to: bytes.count, by: width).map { start in
            var word: UInt64 = 0
            for index in 0..<width {
                let place = descriptor.isBigEndian ? width - 1 - index : index
                word |= UInt64(bytes[start + index]) << (8 * place)
            }
            return type.value(of: word)
        }
    }
}

extension ElementType {
    /// The number that an element is, from its bits.
    fileprivate func value(of bits: UInt64) -> Double {
        switch self {
        case .float16: Double(Float16(bitPattern: UInt16(bits)))
        case .float32: Double(Float(bitPattern: UInt32(bits)))
        case .float64: Double(bitPattern: bits)
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .int64: Double(Int64(truncatingIfNeeded: bits))
        case .uint8, .uint16, .uint32, .uint64, .bool: Double(bits)
        }
    }
}

extension ModelFile {
    /// Returns one array, read into memory whole and verified.
    ///
    /// - Precondition: `index` is less than the count of ``arrays``.
    /// - Throws: Why the array cannot be read; `.tooLarge` where it is larger than `byteCountMax`.
    package func array(_ index: Int, byteCountMax: Int64 = 1 << 30) throws(WeightsError) -> WeightsArray {
        let descriptor = arrays[index]
        guard descriptor.byteCount <= byteCountMax else {
            throw .tooLarge(byteCount: descriptor.byteCount, byteCountMax: byteCountMax)
        }
        let reader = try places[index].open()
        return WeightsArray(descriptor, bytes: try reader.bytes(count: Int(descriptor.byteCount)))
    }

    /// Returns an `.npz` with these arrays, as numpyhelper would write them but not deflated.
    package static func npz(_ arrays: [WeightsArray]) -> [UInt8] {
        let contents = arrays.map { array in
            let descriptor = array.descriptor
            precondition(!descriptor.isBigEndian, "what is written is little-endian")
            return ArrayHeader.bytes(of: descriptor) + array.bytes
        }
        let layout = ZipLayout(
            contents.enumerated().map { index, content in
                ZipLayout.Member(
                    NumpyArchive.memberName(index),
                    byteCount: Int64(content.count),
                    checksum: CRC32.of(content)
                )
            }
        )
        let openings = contents.map { content -> ZipStream.Opening in
            { LiteralBytes(content) }
        }
        let stream = ZipStream(layout, openings)
        var bytes: [UInt8] = []
        do throws(WeightsError) {
            while let next = try stream.next() { bytes += next }
        } catch {
            preconditionFailure("bytes in memory can be read")
        }
        return bytes
    }
}
