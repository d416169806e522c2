// K-way dot product of posits, exact until it is rounded once.
//
//   a[k] * b[k]  ->  fixed point, all aligned to the same last bit 2^-2M  ->  adder tree  ->  posit
//
// The aligned width 4M + 2 + ceil(log2 K) holds any sum, so there is no overflow.
//
// Parameters  N 4..32, ES 0..4; K >= 1; SUM derived: bits of the sum
// Ports       valid_i, ready_o, a_i, b_i    K codes each, code 0 in the lowest bits
//             valid_o, ready_i, posit_o, sum_o, nar_o   rounded; exact in two's complement; any
//                                                       operand was NaR
// Latency     one cycle; one vector each cycle.

module posit_dot #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int K = 4,
    parameter int SUM = 4 * (N - 2) * (1 << ES) + 2 + $clog2(K)
) (
    input  logic           clk_i,
    input  logic           rst_i,
    input  logic           valid_i,
    output logic           ready_o,
    input  logic [K*N-1:0] a_i,
    input  logic [K*N-1:0] b_i,
    output logic           valid_o,
    input  logic           ready_i,
    output logic [  N-1:0] posit_o,
    output logic [SUM-1:0] sum_o,
    output logic           nar_o
);

  localparam int M = (N - 2) * (1 << ES);
  localparam int Frac = (N - 3 - ES > 0) ? N - 3 - ES : 0;
  localparam int Exp = $clog2(N - 1) + 1 + ES;
  localparam int Width = 4 * M + 2;

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("posit_dot: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("posit_dot: ES must be 0..4");
    end
    if (K < 1) begin : g_bad_k
      $error("posit_dot: K must be at least 1");
    end
  endgenerate

  logic [K*Width-1:0] products;
  logic [2*K-1:0] nars;
  generate
    for (genvar k = 0; k < K; k++) begin : g_lane
      logic [Frac+1:0] a_sig, b_sig;
      logic [Exp-1:0] a_exp, b_exp;
      posit_decode #(.N(N), .ES(ES)) u_a (
          .code_i(a_i[k*N+:N]), .sig_o(a_sig), .exp_o(a_exp), .nar_o(nars[2*k]));
      posit_decode #(.N(N), .ES(ES)) u_b (
          .code_i(b_i[k*N+:N]), .sig_o(b_sig), .exp_o(b_exp), .nar_o(nars[2*k+1]));
      posit_product #(.N(N), .ES(ES)) u_product (
          .a_sig_i(a_sig), .a_exp_i(a_exp), .b_sig_i(b_sig), .b_exp_i(b_exp),
          .product_o(products[k*Width+:Width]));
    end
  endgenerate

  logic [SUM-1:0] total, sum_q;
  logic nar_q, valid_q;
  always_comb begin
    total = '0;
    for (int k = 0; k < K; k++) begin
      total = total + {{(SUM - Width + 1) {products[k*Width+Width-1]}}, products[k*Width+:Width-1]};
    end
  end

  assign ready_o = ~valid_q | ready_i;
  always_ff @(posedge clk_i) begin
    if (rst_i) valid_q <= 1'b0;
    else if (ready_o) valid_q <= valid_i;
    if (ready_o) begin
      sum_q <= total;
      nar_q <= |nars;
    end
  end

  assign valid_o = valid_q;
  assign sum_o = sum_q;
  assign nar_o = nar_q;
  posit_round #(.N(N), .ES(ES), .LSB(-2 * M), .WIDTH(SUM)) u_round (
      .sum_i(sum_q), .nar_i(nar_q), .posit_o);

endmodule
