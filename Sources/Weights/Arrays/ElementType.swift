/// The type of an array's elements, without their byte order; raw values are numpy's type codes.
package enum ElementType: String, Sendable, Hashable, CaseIterable {
    case float16 = "f2"
    case float32 = "f4"
    case float64 = "f8"
    case int8 = "i1"
    case int16 = "i2"
    case int32 = "i4"
    case int64 = "i8"
    case uint8 = "u1"
    case uint16 = "u2"
    case uint32 = "u4"
    case uint64 = "u8"
    case bool = "b1"

    /// numpy's name of the type, which the case has.
    package var name: String { "\(self)" }

    package var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    package var isFloat: Bool {
        self == .float16 || self == .float32 || self == .float64
    }

    /// The element type of the mean of several arrays of this type; nil for booleans.
    ///
    /// Floats keep their width and integers become 64-bit floats, as in numpy's division.
    package var meanType: ElementType? {
        switch self {
        case .float16, .float32, .float64: self
        case .bool: nil
        default: .float64
        }
    }
}
