import JSON
import TestSupport
import Testing

@testable import Weights

struct AveragingTests {
    /// A case of `averages.json`: the mean that the client's helper computes.
    struct Mean {
        let updates: [WeightedUpdate]
        let expected: [ExpectedArray]
        let description: Comment

        init(_ json: JSON) throws {
            let weights = try #require(json["weights"]?.array).map { try #require($0.double) }
            let prefix = try #require(json["prefix"]?.string)
            updates = try weights.enumerated().map { index, weight in
                WeightedUpdate(try WeightsFixture.model("\(prefix)-\(index).npz"), weight: weight)
            }
            expected = try ExpectedArray.all(json["arrays"])
            description = "\(prefix), weights \(weights)"
        }
    }

    @Test func meansEqualNumpysBitForBit() throws {
        let cases = try #require(WeightsFixture.json("averages.json").array).map(Mean.init)
        #expect(cases.count == 16)
        for mean in cases {
            let plan = try FedAvg().aggregate(mean.updates, modelID: "m")
            let bytes = try plan.collect()
            #expect(Int64(bytes.count) == plan.byteCount)
            let model = try ModelFile.open(MemorySource(bytes))
            try ExpectedArray.expect(model, mean.expected, mean.description)
            try model.verify()
        }
    }

    @Test func meanKeepsThePositionalNamesOfNumpy() throws {
        let source = MemorySource(try Fixture.bytes(of: "formats/positional.npz"))
        let update = WeightedUpdate(try ModelFile.open(source), weight: 1)
        let mean = MemorySource(try FedAvg().aggregate([update, update], modelID: "m").collect())
        #expect(try ZipArchive(mean, limits: .default).members.map(\.name) == ["arr_0.npy", "arr_1.npy"])
        #expect(try ModelFile.open(mean).array(0) == update.model.array(0))
    }

    @Test func rawVectorMeansEqualTheHelpers() throws {
        let json = try WeightsFixture.json("vectors.json")
        for format in [WeightsFormat.binary, .android] {
            let expected = try #require(json[format.helper])
            let weights = try #require(expected["weights"]?.array).map { try #require($0.double) }
            let updates = try weights.enumerated().map { index, weight in
                WeightedUpdate(try WeightsFixture.model("\(format.helper)-\(index).bin", as: format), weight: weight)
            }
            let plan = try FedAvg().aggregate(updates, modelID: "m")
            #expect(plan.kind == .raw)
            let bytes = try plan.collect()
            #expect(plan.byteCount == Int64(bytes.count))
            #expect(Hexadecimal.text(bytes) == expected["bytes"]?.string, "\(format)")
        }
    }

    @Test func meanOfOneUpdateIsTheUpdate() throws {
        let model = try WeightsFixture.model("update-3.npz")
        let plan = try FedAvg().aggregate([WeightedUpdate(model, weight: 0.5)], modelID: "m")
        let mean = try ModelFile.open(MemorySource(plan.collect()))
        for index in model.arrays.indices {
            #expect(try mean.array(index).littleEndian == model.array(index).littleEndian)
        }
    }

    @Test func repeatedStreamsHaveTheSameBytes() throws {
        let updates = try (0..<3).map { WeightedUpdate(try WeightsFixture.model("update-\($0).npz"), weight: 2) }
        let plan = try FedAvg().aggregate(updates, modelID: "m")
        let first = try plan.collect()
        var second: [UInt8] = []
        let stream = plan.bytes()
        while let bytes = try stream.next() { second += bytes }
        #expect(first == second)
    }

    /// The mean depends neither on the sizes of a source's reads nor on the boundaries of steps.
    @Test func meanIsIndependentOfReadSizes() throws {
        let count = 3 * MeanStep.elementCountMax + 17
        var random = SeededGenerator()
        let arrays = (0..<3).map { _ in (0..<count).map { _ in Float.random(in: -9...9, using: &random) } }
        let weights: [Float] = [3, 10, 0.5]
        let updates = try arrays.indices.map { index in
            let source = MemorySource(ModelFile.npz([WeightsArray(arrays[index], shape: [count])]))
            let model = try ModelFile.open(CountingSource(source, stepByteCountMax: 1_001))
            return WeightedUpdate(model, weight: Double(weights[index]))
        }
        let bytes = try FedAvg().aggregate(updates, modelID: "m").collect()
        let mean = try ModelFile.open(MemorySource(bytes)).array(0)
        var expected = arrays[0]
        var sum = weights[0]
        for update in 1..<3 {
            sum += weights[update]
            for index in expected.indices {
                expected[index] += weights[update] * (arrays[update][index] - expected[index]) / sum
            }
        }
        #expect(mean.bytes == expected.withUnsafeBytes { Array($0) }, "SEED=\(SeededGenerator.runSeed)")
    }

    /// Elements of 2, 4 and 8 bytes take different code paths.
    @Test(arguments: [ElementType.float16, .float32, .float64, .int16, .uint8])
    func mixedOrdersAreAveragedByIndex(_ type: ElementType) throws {
        let shape = [3, 4, 2]
        let plain = Matrix(type, shape, seed: 1)
        let other = Matrix(type, shape, seed: 50)
        let files = [
            try plain.model(isFortranOrder: true), try other.model(isFortranOrder: false),
            try other.model(isFortranOrder: true),
        ]
        let updates = files.map { WeightedUpdate($0, weight: 1) }
        let plan = try FedAvg().aggregate(updates, modelID: "m")
        let mean = try ModelFile.open(MemorySource(plan.collect())).array(0)
        #expect(!mean.descriptor.isFortranOrder)
        let same = try [plain, other, other].map {
            WeightedUpdate(try $0.model(isFortranOrder: false), weight: 1)
        }
        let expected = try FedAvg().aggregate(same, modelID: "m").collect()
        #expect(try mean == ModelFile.open(MemorySource(expected)).array(0))
    }

    @Test func mixedArrayLargerThanAStepIsAveraged() throws {
        let shape = [300, 7, 101]
        let plain = Matrix(.int16, shape, seed: 3)
        let updates = try [false, true].map {
            WeightedUpdate(try plain.model(isFortranOrder: $0), weight: 1)
        }
        let bytes = try FedAvg().aggregate(updates, modelID: "m").collect()
        let mean = try ModelFile.open(MemorySource(bytes)).array(0)
        #expect(mean.values == (try plain.model(isFortranOrder: false).array(0).values))
    }

    /// numpy makes these means infinite or ignores the second update.
    @Test(arguments: [(1_000.0, 1_000.0), (70_000, 70_000), (1e-9, 1e-9)])
    func float16MeansDoNotOverflow(weight: Double, other: Double) throws {
        let updates = [(Float16(-100), weight), (Float16(100), other)].map { value, weight in
            WeightedUpdate(Matrix.halves([value, value * 2]), weight: weight)
        }
        let bytes = try FedAvg().aggregate(updates, modelID: "m").collect()
        #expect(try ModelFile.open(MemorySource(bytes)).array(0).values == [0, 0])
    }

    /// numpy's 8-bit difference would wrap: 100 - (-100) is -56.
    @Test func integerMeansDoNotWrap() throws {
        let updates = try [Int8(-100), 100].map { value in
            let descriptor = try #require(ArrayDescriptor(.int8, shape: [1]))
            let array = WeightsArray(descriptor, bytes: [UInt8(bitPattern: value)])
            return WeightedUpdate(try ModelFile.open(MemorySource(ModelFile.npz([array]))), weight: 300)
        }
        let bytes = try FedAvg().aggregate(updates, modelID: "m").collect()
        #expect(try ModelFile.open(MemorySource(bytes)).array(0).values == [0])
    }

    @Test func modelWithoutArraysIsAveraged() throws {
        let updates = try [1.0, 2].map { WeightedUpdate(try WeightsFixture.model("empty.npz"), weight: $0) }
        let bytes = try FedAvg().aggregate(updates, modelID: "m").collect()
        #expect(try bytes == Fixture.bytes(of: "weights/empty.npz"))
    }

    @Test func emptyArraysAreAveraged() throws {
        let updates = try [1.0, 2].map { WeightedUpdate(try WeightsFixture.model("shapes.npz"), weight: $0) }
        let model = try ModelFile.open(MemorySource(FedAvg().aggregate(updates, modelID: "m").collect()))
        #expect(model.arrays.map(\.shape) == updates[0].model.arrays.map(\.shape))
        #expect(try model.array(3) == updates[0].model.array(3))
    }
}

/// An array of small integers that can be written in Fortran or C order.
struct Matrix {
    private let type: ElementType
    private let shape: [Int]
    private let seed: Int

    init(_ type: ElementType, _ shape: [Int], seed: Int) {
        self.type = type
        self.shape = shape
        self.seed = seed
    }

    func model(isFortranOrder: Bool) throws -> ModelFile {
        let descriptor = try #require(ArrayDescriptor(type, shape: shape, isFortranOrder: isFortranOrder))
        var walk = FortranWalk(shape)
        let positions = isFortranOrder ? walk.next(descriptor.elementCount) : Array(0..<descriptor.elementCount)
        let bytes = positions.flatMap { element(($0 * 7 + seed) % 100) }
        return try ModelFile.open(MemorySource(ModelFile.npz([WeightsArray(descriptor, bytes: bytes)])))
    }

    private func element(_ value: Int) -> [UInt8] {
        let bits: UInt64 =
            switch type {
            case .float16: UInt64(Float16(value).bitPattern)
            case .float32: UInt64(Float(value).bitPattern)
            case .float64: Double(value).bitPattern
            default: UInt64(value)
            }
        return (0..<type.byteCount).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }

    static func halves(_ values: [Float16]) -> ModelFile {
        guard let descriptor = ArrayDescriptor(.float16, shape: [values.count]) else { preconditionFailure("small") }
        let array = WeightsArray(descriptor, bytes: values.withUnsafeBytes { Array($0) })
        do throws(WeightsError) {
            return try ModelFile.open(MemorySource(ModelFile.npz([array])))
        } catch {
            preconditionFailure("a written file can be opened")
        }
    }
}
