// Fused multiply-accumulate whose precision is chosen at run time: 1 x posit<16>, 2 x posit<8> or
// 4 x posit<4> lanes, each operand with its own ES 0..2, each lane with an exact accumulator.
//
//   mode_i   operands                accumulator (bit 0 of a lane weighs 2^lsb)      lsb     guard
//   0        a[15:0]                 lane 0: acc[239:0]                              -112    14
//   1        a[15:8], a[7:0]         lane 1: acc[239:128], lane 0: acc[111:0]         -48    14
//   2 (3)    a[15:12] .. a[3:0]      lane 3: acc[239:192], 2: [175:128],              -16    14
//                                    lane 1: acc[111:64],  0: [47:0]
//
// Mixed formats: a posit<m,es> with zeros appended is the posit<n,es> of the same value. So any
// pair posit<m,a_es> x posit<k,b_es> with m, k <= lane width is supported, the narrow code at the
// top of its lane: weights posit<4,1> with activations posit<8,1> run in mode 1, two a cycle.
//
// The uppermost lane of every mode uses the 16-bit decoders, the whole multiplier and the long
// aligner; lane 0 of mode 1 and lane 1 of mode 2 use the 8-bit decoders and the unused corner of
// the multiplier; lanes 0 and 2 of mode 2 have small decoders and multipliers of their own.
//
// Parameters  PIPELINE  0..3 as in posit_mac
// Ports       as posit_mac, and
//             a_es_i, b_es_i  0..2 (3 reads as 2), may change with any pair
//             mode_i    may change with any pair that has clear_i; mode 0 after a reset
//             nar_o     one bit for each lane, bit 0 = lane 0; lanes that the mode has not read as 0
//             mode_o    mode of the sum
// NaR         as in posit_mac, for each lane on its own
// Latency     PIPELINE + 1 cycles; one pair of words each cycle.

module posit_mac_multi #(
    parameter int PIPELINE = 0
) (
    input  logic         clk_i,
    input  logic         rst_i,
    input  logic         valid_i,
    output logic         ready_o,
    input  logic         clear_i,
    input  logic         last_i,
    input  logic [  1:0] mode_i,
    input  logic [  1:0] a_es_i,
    input  logic [  1:0] b_es_i,
    input  logic [ 15:0] a_i,
    input  logic [ 15:0] b_i,
    output logic         valid_o,
    input  logic         ready_i,
    output logic [239:0] acc_o,
    output logic [  3:0] nar_o,
    output logic [  1:0] mode_o
);

  generate
    if (PIPELINE < 0 || PIPELINE > posit_pkg::MaxPipeline) begin : g_bad_pipeline
      $error("posit_mac_multi: PIPELINE must be 0..3");
    end
  endgenerate

  logic advance, take;
  assign advance = ~valid_o | ready_i;
  assign ready_o = advance;
  generate
    if (PIPELINE == 0) begin : g_gate
      assign take = valid_i & advance & ~rst_i;
    end else begin : g_valid
      assign take = valid_i;
    end
  endgenerate

  // ---- decode. Suffixes: 16, 8, 4h, 4l = lanes as the header has them.
  logic quarters, split;
  assign quarters = mode_i[1];
  assign split = mode_i[1] | mode_i[0];

  logic [14:0] a16, b16;
  logic [6:0] a8, b8;
  logic [2:0] a4h, b4h, a4l, b4l;
  logic [7:0] ea16, eb16;  // as wide as the lane's shift
  logic [6:0] ea8, eb8;
  logic [5:0] ea4h, eb4h, ea4l, eb4l;
  logic [3:0] a_nar, b_nar;  // 16, 4h, 8, 4l: the lanes of mode 2

  logic [15:0] mask16;
  logic [7:0] mask8;
  assign mask16 = {4'b1111, {4{~quarters}}, {8{~split}}};
  assign mask8 = {4'b1111, {4{~quarters}}};
  posit_decode_es #(.N(16)) u_a16 (.code_i(a_i & mask16), .es_i(a_es_i), .sig_o(a16), .nexp_o(ea16), .nar_o(a_nar[3]));
  posit_decode_es #(.N(16)) u_b16 (.code_i(b_i & mask16), .es_i(b_es_i), .sig_o(b16), .nexp_o(eb16), .nar_o(b_nar[3]));
  posit_decode_es #(.N(8), .EXP(7)) u_a8 (.code_i(a_i[7:0] & mask8), .es_i(a_es_i), .sig_o(a8), .nexp_o(ea8), .nar_o(a_nar[1]));
  posit_decode_es #(.N(8), .EXP(7)) u_b8 (.code_i(b_i[7:0] & mask8), .es_i(b_es_i), .sig_o(b8), .nexp_o(eb8), .nar_o(b_nar[1]));
  posit_decode_es #(.N(4), .EXP(6)) u_a4h (.code_i(a_i[11:8]), .es_i(a_es_i), .sig_o(a4h), .nexp_o(ea4h), .nar_o(a_nar[2]));
  posit_decode_es #(.N(4), .EXP(6)) u_b4h (.code_i(b_i[11:8]), .es_i(b_es_i), .sig_o(b4h), .nexp_o(eb4h), .nar_o(b_nar[2]));
  posit_decode_es #(.N(4), .EXP(6)) u_a4l (.code_i(a_i[3:0]), .es_i(a_es_i), .sig_o(a4l), .nexp_o(ea4l), .nar_o(a_nar[0]));
  posit_decode_es #(.N(4), .EXP(6)) u_b4l (.code_i(b_i[3:0]), .es_i(b_es_i), .sig_o(b4l), .nexp_o(eb4l), .nar_o(b_nar[0]));

  // NaR of both operands must vanish from the product, because it would reach other lanes.
  logic [3:0] nar, lanes;
  assign lanes = {1'b1, quarters, split, quarters} & {4{take}};
  assign nar = (a_nar | b_nar) & lanes;
  logic [3:0] use_it;
  assign use_it = lanes & ~b_nar;

  localparam int Flags = 8;  // nar, mode, clear, last
  logic [Flags-1:0] in_flags;
  assign in_flags = {nar, mode_i & {2{take}}, clear_i & take, last_i & take};

  localparam int SigBits = 15 + 7 + 3 + 3;
  localparam int DecodedBits = Flags + 2 * SigBits + 2 * (8 + 7 + 6 + 6);
  logic [DecodedBits-1:0] decoded;
  posit_stage #(.WIDTH(DecodedBits), .RESET(Flags + SigBits), .PRESENT((PIPELINE >= 2) ? 1 : 0)) u_decoded (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({in_flags, a16 & {15{use_it[3]}}, a8 & {7{use_it[1]}}, a4h & {3{use_it[2]}},
               a4l & {3{use_it[0]}}, b16, b8, b4h, b4l,
               ea16, eb16, ea8, eb8, ea4h, eb4h, ea4l, eb4l}),
      .data_o(decoded));

  // ---- multiply; shift = 2M + 2 + (-1-Ta) + (-1-Tb), M of the lane's largest format
  logic [Flags-1:0] m_flags;
  logic [14:0] m_a16, m_b16;
  logic [6:0] m_a8, m_b8;
  logic signed [2:0] m_a4h, m_b4h, m_a4l, m_b4l;
  logic [7:0] m_ea16, m_eb16;
  logic [6:0] m_ea8, m_eb8;
  logic [5:0] m_ea4h, m_eb4h, m_ea4l, m_eb4l;
  assign {m_flags, m_a16, m_a8, m_a4h, m_a4l, m_b16, m_b8, m_b4h, m_b4l,
          m_ea16, m_eb16, m_ea8, m_eb8, m_ea4h, m_eb4h, m_ea4l, m_eb4l} = decoded;
  logic m_quarters, m_split;
  assign m_quarters = m_flags[3];
  assign m_split = m_flags[3] | m_flags[2];

  logic [29:0] m_p16;
  logic [13:0] m_p8;
  logic signed [5:0] m_p4h, m_p4l;
  posit_multiply_multi u_multiply (
      .split_i(m_split), .wide_a_i(m_a16), .wide_b_i(m_b16), .narrow_a_i(m_a8), .narrow_b_i(m_b8),
      .wide_o(m_p16), .narrow_o(m_p8));
  assign m_p4h = m_a4h * m_b4h;
  assign m_p4l = m_a4l * m_b4l;

  // The uppermost lane begins at the same bit in all modes, so do lanes 0 of mode 1 and 1 of mode 2.
  logic [7:0] m_s16, m_base16;
  logic [6:0] m_s8, m_base8;
  logic [5:0] m_s4h, m_s4l;
  assign m_base16 = m_quarters ? 8'd18 : m_split ? 8'd50 : 8'd114;
  assign m_base8 = m_quarters ? 7'd18 : 7'd50;
  assign m_s16 = m_ea16 + m_eb16 + m_base16;
  assign m_s8 = m_ea8 + m_eb8 + m_base8;
  assign m_s4h = m_ea4h + m_eb4h + 6'd18;
  assign m_s4l = m_ea4l + m_eb4l + 6'd18;

  localparam int ProductBits = 30 + 14 + 6 + 6;
  localparam int ShiftBits = 8 + 7 + 6 + 6;
  localparam int MultipliedBits = Flags + ProductBits + ShiftBits;
  logic [MultipliedBits-1:0] multiplied;
  posit_stage #(.WIDTH(MultipliedBits), .RESET(Flags + ProductBits), .PRESENT((PIPELINE >= 1) ? 1 : 0)) u_multiplied (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({m_flags, m_p16, m_p8, m_p4h, m_p4l, m_s16, m_s8, m_s4h, m_s4l}),
      .data_o(multiplied));

  // ---- align, each lane down from its top
  logic [Flags-1:0] s_flags;
  logic [29:0] s_p16;
  logic [13:0] s_p8;
  logic [5:0] s_p4h, s_p4l;
  logic [7:0] s_s16;
  logic [6:0] s_s8;
  logic [5:0] s_s4h, s_s4l;
  assign {s_flags, s_p16, s_p8, s_p4h, s_p4l, s_s16, s_s8, s_s4h, s_s4l} = multiplied;

  logic [239:0] s_lane16;
  logic [111:0] s_lane8;
  logic [47:0] s_lane4h, s_lane4l;
  posit_align_down #(.PRODUCT(30), .SHIFT(8), .WIDTH(240), .TOP(227)) u_align16 (.product_i(s_p16), .shift_i(s_s16), .lane_o(s_lane16));
  posit_align_down #(.PRODUCT(14), .SHIFT(7), .WIDTH(112), .TOP(99)) u_align8 (.product_i(s_p8), .shift_i(s_s8), .lane_o(s_lane8));
  posit_align_down #(.PRODUCT(6), .SHIFT(6), .WIDTH(48), .TOP(35)) u_align4h (.product_i(s_p4h), .shift_i(s_s4h), .lane_o(s_lane4h));
  posit_align_down #(.PRODUCT(6), .SHIFT(6), .WIDTH(48), .TOP(35)) u_align4l (.product_i(s_p4l), .shift_i(s_s4l), .lane_o(s_lane4l));

  // Below each lane are zeros, so lanes are laid over each other by OR.
  logic [239:0] s_word;
  assign s_word = s_lane16 | {128'b0, s_lane8} | {64'b0, s_lane4h, 128'b0} | {192'b0, s_lane4l};

  logic [Flags+239:0] aligned;
  posit_stage #(.WIDTH(Flags + 240), .RESET(Flags + 240), .PRESENT((PIPELINE >= 3) ? 1 : 0)) u_aligned (
      .clk_i, .rst_i, .advance_i(advance), .data_i({s_flags, s_word}), .data_o(aligned));

  posit_accumulate_multi #(.GATED((PIPELINE == 0) ? 1 : 0)) u_accumulate (
      .clk_i, .rst_i, .advance_i(advance),
      .nar_i(aligned[247:244]), .mode_i(aligned[243:242]), .clear_i(aligned[241]), .last_i(aligned[240]),
      .addend_i(aligned[239:0]), .valid_o, .acc_o, .nar_o, .mode_o);

endmodule
