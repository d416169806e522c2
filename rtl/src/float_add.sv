// fp32 accumulator + an exact addend, rounded once to fp32: nearest, ties to even.
//
// One path: the larger magnitude stays, the smaller is shifted right (three more bits: guard,
// round, sticky), they are added or subtracted, the result is normalised and rounded. A sum below
// 2^-126 before rounding becomes +0; zeros are positive.
//
// Parameters  WIDTH      24..48, bits of the addend's significand, topmost bit set unless it is 0
// Ports       acc_i      fp32 without subnormals
//             sign_i, exp_i, sig_i   addend: sig * 2^(exp - 127 - (WIDTH-1)), 1 <= exp <= 254;
//                                    a zero has exp_i 0 and sig_i 0
//             inf_i, nan_i           then sig_i is ignored
//             sum_o      fp32; NaN is 7fc00000
// Latency     combinational.

module float_add #(
    parameter int WIDTH = 24
) (
    input  logic [31:0]      acc_i,
    input  logic             sign_i,
    input  logic [7:0]       exp_i,
    input  logic [WIDTH-1:0] sig_i,
    input  logic             inf_i,
    input  logic             nan_i,
    output logic [31:0]      sum_o
);

  localparam int Wide = WIDTH + 3;
  localparam int Count = $clog2(Wide + 2);

  // ---- order by magnitude
  logic acc_inf, acc_nan, swap, sign, subtract;
  logic [7:0] exp_large, exp_small, distance;
  logic [WIDTH-1:0] acc_sig, sig_large, sig_small;
  assign acc_inf = &acc_i[30:23] & ~acc_i[22];
  assign acc_nan = &acc_i[30:23] & acc_i[22];
  generate
    if (WIDTH > 24) begin : g_wide
      assign acc_sig = {|acc_i[30:23], acc_i[22:0], {(WIDTH - 24) {1'b0}}};
    end else begin : g_single
      assign acc_sig = {|acc_i[30:23], acc_i[22:0]};
    end
  endgenerate
  assign swap = {exp_i, sig_i} > {acc_i[30:23], acc_sig};
  assign {sign, exp_large, sig_large} = swap ? {sign_i, exp_i, sig_i} : {acc_i[31:23], acc_sig};
  assign {exp_small, sig_small} = swap ? {acc_i[30:23], acc_sig} : {exp_i, sig_i};
  assign subtract = sign_i ^ acc_i[31];
  assign distance = exp_large - exp_small;

  // ---- align
  logic [Wide-1:0] aligned;
  logic sticky;
  always_comb begin
    aligned = {sig_small, 3'b0};
    sticky = 1'b0;
    for (int i = 0; i < 6; i++) begin
      if (distance[i]) begin
        sticky = sticky | (|(aligned & ~({Wide{1'b1}} << (1 << i))));
        aligned = aligned >> (1 << i);
      end
    end
    if (|distance[7:6]) begin
      sticky = |sig_small;
      aligned = '0;
    end
    aligned[0] = aligned[0] | sticky;
  end

  // ---- add; bit Wide is the carry
  logic [Wide:0] sum;
  assign sum = {1'b0, sig_large, 3'b0} + ({1'b0, aligned} ^ {(Wide + 1) {subtract}}) + (Wide + 1)'(subtract);

  // ---- normalise: topmost bit to place Wide
  logic [Count-1:0] zeros;
  logic [Wide:0] normal;
  logic signed [9:0] exponent;
  always_comb begin
    zeros = Count'(Wide + 1);
    for (int i = 0; i <= Wide; i++) begin
      if (sum[i]) zeros = Count'(Wide - i);
    end
  end
  assign normal = sum << zeros;
  assign exponent = $signed({2'b0, exp_large}) + 10'sd1 - $signed(10'(zeros));

  // ---- round
  logic up, tiny, overflow;
  logic [23:0] rounded;  // fraction, and its carry
  logic signed [9:0] final_exp;
  logic [22:0] fraction;
  assign up = normal[Wide-24] & ((|normal[Wide-25:0]) | normal[Wide-23]);
  assign rounded = {1'b0, normal[Wide-1-:23]} + 24'(up);
  assign final_exp = exponent + 10'(rounded[23]);
  assign fraction = rounded[22:0];  // 0 after a carry out
  assign tiny = ~normal[Wide] | (exponent <= 10'sd0);
  assign overflow = ~tiny & (final_exp >= 10'sd255);

  // ---- specials
  logic nan, inf, inf_sign;
  assign nan = acc_nan | nan_i | (acc_inf & inf_i & subtract);
  assign inf = acc_inf | inf_i | overflow;
  assign inf_sign = acc_inf ? acc_i[31] : (inf_i ? sign_i : sign);
  always_comb begin
    if (nan) sum_o = 32'h7fc00000;
    else if (inf) sum_o = {inf_sign, 8'hff, 23'b0};
    else if (tiny) sum_o = 32'b0;
    else sum_o = {sign, final_exp[7:0], fraction};
  end

endmodule
